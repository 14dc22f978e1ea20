// Says in words and numbers what a job is doing. Pure: from a job to text, and nothing else.

export function seconds(value) {
  if (value < 0.05) return "no time";
  if (value < 60) return value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

// The step of the way that a job is in: queued, classified, thinking, answering, done.
export function step(job) {
  if (job.status === "succeeded") return 4;
  if (["answering", "extracting"].includes(job.phase)) return 3;
  if (job.phase === "thinking" || job.lane) return 2;
  return job.phase === "classifying" ? 1 : 0;
}

export function doing(job, elapsed) {
  const parts = [activity(job)];
  if (job.thinking_tokens) parts.push(`${job.thinking_tokens.toLocaleString("en")} thinking tokens`);
  parts.push(expectation(job, elapsed));
  return parts.filter(Boolean).join(" · ");
}

function activity(job) {
  if (job.phase === "thinking") return "Thinking";
  if (job.phase === "answering") return "Writing the answer";
  if (job.phase === "extracting") return "Checking the JSON";
  if (job.phase === "classifying") return "Choosing a lane";
  return job.lane ? `Waiting for the ${job.lane} lane` : "Waiting to be classified";
}

function expectation(job, elapsed) {
  if (!job.lane) return "";
  if (!job.expected.known) return "how long it takes is not known yet";
  const { p50_s: usual, p90_s: most } = job.expected;
  if (elapsed > most) return `longer than usual (nearly always under ${seconds(most)})`;
  if (seconds(usual) === seconds(most)) return `usually about ${seconds(usual)}`;
  return `usually about ${seconds(usual)}, nearly always under ${seconds(most)}`;
}

const CAUSES = {
  deadline: "it ran out of time", first_token_timeout: "no first token came in time", silence: "the model fell silent",
  budget: "too little of the allowed time was left", queue_wait: "it waited too long in the queue",
  queue_full: "the reasoning queue was full", model_down: "the model is down", unusable_output: "its answer was not usable",
  upstream_unavailable: "the model could not be reached", upstream_rate_limited: "the model refused for load",
  upstream_rejected: "the model refused the request", upstream_error: "the model failed",
  stream_broken: "the model's answer broke off", reply_too_large: "the answer was too large",
  worker_lost: "its worker was lost",
};

export function notes(job) {
  const warm = [];
  if (job.fallback) {
    const cause = CAUSES[job.fallback.cause] || job.fallback.cause.replaceAll("_", " ");
    const after = job.fallback.after_s ? ` after ${seconds(job.fallback.after_s)}` : "";
    warm.push(`Reasoning was given up${after}: ${cause}. The fallback lane took over.`);
  }
  if (job.truncated) warm.push("The model stopped at its token limit; the answer may be cut short.");
  if (job.repaired) warm.push("The JSON had to be repaired.");
  const bad = job.error ? `${job.error.message} (${job.error.code})` : "";
  return { warm: warm.join(" "), bad };
}

const SERVED = { exact_cache: "the cache: the same query was answered before", semantic_cache: "the cache: an equal question was answered before" };

export function facts(job, simulated) {
  const rows = [];
  const model = simulated.has(job.model) ? `${job.model} (simulated: a script, no model)` : job.model;
  if (SERVED[job.served_by]) rows.push(["Answered by", SERVED[job.served_by]]);
  else if (job.model) rows.push([job.status === "succeeded" ? "Answered by" : "Model", model]);
  if (job.route) {
    const { reason, confidence, task_type: kind, decided_by: by } = job.route;
    rows.push(["Route", by === "caller" ? "as you asked" : `${reason} · ${kind} · ${Math.round(confidence * 100)} % sure`]);
  }
  const { prompt_tokens: read, completion_tokens: written, reasoning_tokens: thought } = job.usage;
  if (read || written) rows.push(["Tokens", `${read} read, ${written} written${thought ? `, ${thought} of them thinking` : ""}`]);
  if (job.cost_usd) rows.push(["Cost", `$${job.cost_usd.toFixed(6)}`]);
  if (job.attempt > 1) rows.push(["Attempts", String(job.attempt)]);
  return rows;
}

// The usual `{"answer": "…"}` reads best as text; everything else is shown as the JSON that it is, or as it came.
export function answer(job) {
  const { result, raw_text: raw } = job;
  if (result === null) return { text: "", title: "The reply as it came", code: raw || "" };
  const plain = typeof result === "object" && typeof result.answer === "string" && Object.keys(result).length === 1;
  if (plain) return { text: result.answer, title: "", code: "" };
  return { text: "", title: "Result", code: JSON.stringify(result, null, 2) };
}
