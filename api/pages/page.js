// Submits a query and watches its job: one long poll a second while it runs, so that the thinking indicator moves.
"use strict";
const $ = (id) => document.getElementById(id);
const ENDED = ["succeeded", "failed", "cancelled"];

async function call(method, path, body) {
  const headers = {};
  const key = sessionStorage.getItem("key");
  if (key) headers["Authorization"] = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  const reply = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const data = await reply.json();
  if (!reply.ok) {
    if (reply.status === 401) $("key-label").hidden = false;
    throw new Error(data.detail || reply.statusText);
  }
  return data;
}

function seconds(value) {
  return value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
}

function doing(job) {
  if (ENDED.includes(job.status)) return `after ${seconds(job.elapsed_s)}`;
  const what = job.status === "queued" ? (job.lane ? `waits for the ${job.lane} lane` : "waits to be classified") : job.phase || "running";
  const known = job.expected.known;
  const late = known && job.elapsed_s > job.expected.p90_s ? ", longer than usual" : "";
  const of = known ? ` of about ${seconds(job.expected.p50_s)}` : "";
  return `${what}… ${seconds(job.elapsed_s)}${of}${late}`;
}

function facts(job) {
  const rows = [];
  if (job.lane) rows.push(["Lane", job.model ? `${job.lane}, answered by ${job.model}` : job.lane]);
  if (job.served_by && job.served_by !== "model") rows.push(["Served by", job.served_by.replace("_", " ")]);
  if (job.route) rows.push(["Route", `${job.route.reason} (${job.route.task_type}${job.route.decided_by === "caller" ? "" : `, ${Math.round(job.route.confidence * 100)} % sure`})`]);
  if (!ENDED.includes(job.status) && !job.expected.known) rows.push(["Expected", "unknown yet: too few answers of this kind"]);
  if (!ENDED.includes(job.status)) rows.push(["Time left", `${seconds(Math.max(0, job.budget.deadline_s - job.elapsed_s))} of ${seconds(job.budget.deadline_s)}`]);
  if (job.thinking_tokens) rows.push(["Thinking", `${job.thinking_tokens} tokens`]);
  if (job.cost_usd) rows.push(["Cost", `$${job.cost_usd.toFixed(6)}`]);
  return rows;
}

function show(card, job) {
  card.className = `card job ${job.status}`;
  if (ENDED.includes(job.status)) card.classList.add("ended");
  if (!job.expected.known) card.classList.add("unknown");
  card.querySelector(".status").textContent = job.status;
  card.querySelector(".doing").textContent = doing(job);
  card.querySelector(".cancel").hidden = ENDED.includes(job.status);
  card.querySelector(".id").textContent = job.id;
  const share = job.expected.known ? Math.min(1, job.elapsed_s / job.expected.p90_s) : 0;
  card.querySelector(".bar i").style.width = job.expected.known ? `${share * 100}%` : "";
  const list = card.querySelector("dl");
  list.replaceChildren(...facts(job).flatMap(([name, text]) => {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name; dd.textContent = text;
    return [dt, dd];
  }));
  const result = card.querySelector(".result");
  result.hidden = job.result === null;
  result.textContent = job.result === null ? "" : JSON.stringify(job.result, null, 2);
  const note = card.querySelector(".note");
  const notes = [];
  if (job.fallback) notes.push(`Reasoning was given up (${job.fallback.cause.replaceAll("_", " ")}); the fallback lane took over.`);
  if (job.truncated) notes.push("The model stopped at its token limit.");
  if (job.error) notes.push(job.error.message);
  note.hidden = notes.length === 0;
  note.textContent = notes.join(" ");
}

async function watch(card, id) {
  for (;;) {
    try {
      const job = await call("GET", `/v1/jobs/${id}?wait=1`);
      show(card, job);
      if (ENDED.includes(job.status)) return;
    } catch (error) {
      card.querySelector(".doing").textContent = `cannot be read just now (${error.message})`;
      await new Promise((done) => setTimeout(done, 2000));
    }
  }
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("key").value) sessionStorage.setItem("key", $("key").value);
  const problem = $("problem");
  problem.hidden = true;
  try {
    const accepted = await call("POST", "/v1/jobs", { input: $("input").value, route: $("route").value, cache: $("cache").value });
    const card = $("job").content.cloneNode(true).querySelector("article");
    card.querySelector(".query").textContent = $("input").value;
    card.querySelector(".cancel").addEventListener("click", () => call("POST", `/v1/jobs/${accepted.id}/cancel`).catch(() => {}));
    card.querySelector(".status").textContent = accepted.status;
    $("jobs").prepend(card);
    watch(card, accepted.id);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
});
