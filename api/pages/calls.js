// Talks to the API: adds the key of this tab, understands problems, and tells when a key is needed.

const KEY = "thinkline-key";
const SILENCE = 40_000; // milliseconds: a stream's heartbeat is lost after that
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

export class Refused extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

let askForKey = () => {};
export function onKeyNeeded(act) { askForKey = act; }
export function useKey(key) { sessionStorage.setItem(KEY, key); }

export async function call(method, path, { body, headers = {} } = {}) {
  const key = sessionStorage.getItem(KEY);
  const all = { ...headers };
  if (key) all.Authorization = `Bearer ${key}`;
  if (body) all["Content-Type"] = "application/json";
  let reply;
  try {
    reply = await fetch(path, { method, headers: all, body: body && JSON.stringify(body) });
  } catch {
    throw new Refused(0, "The API cannot be reached.", 2);
  }
  const data = await reply.json().catch(() => ({}));
  if (reply.ok) return data;
  if (reply.status === 401) askForKey();
  throw new Refused(reply.status, data.detail || reply.statusText, Number(reply.headers.get("Retry-After")) || 0);
}

// The idempotency key makes trying again safe: the same submission is never two jobs.
export async function submit(body) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const headers = { "Idempotency-Key": Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  for (let tries = 1; ; tries += 1) {
    try {
      return await call("POST", "/v1/jobs", { body, headers });
    } catch (error) {
      if (tries === 3 || ![0, 503].includes(error.status)) throw error;
      await pause(error.retryAfter || 1);
    }
  }
}

// Follows a job until it ends; `seen` gets each state of it, `troubled` what stood in the way for now.
export async function follow(id, many, seen, troubled) {
  let streams = true;
  for (;;) {
    try {
      // A browser has six connections for one site: few jobs are streamed, many are asked for once a second.
      if (streams && many() <= 3) {
        streams = await live(id, seen);
        if (!streams) continue;
      }
      const job = await call("GET", `/v1/jobs/${id}`);
      seen(job);
      if (ended(job)) return;
      await pause(1);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      troubled(error);
      if (error.status === 404) return;
      await pause(Math.max(2, error.retryAfter));
    }
  }
}

// Shows a job by its events until they end. Whether streaming works here: a proxy may hold events back or refuse them.
async function live(id, seen) {
  let job = null;
  const late = new AbortController();
  let timer = setTimeout(() => late.abort(), SILENCE);
  try {
    const key = sessionStorage.getItem(KEY);
    const headers = { Accept: "text/event-stream", ...(key && { Authorization: `Bearer ${key}` }) };
    const reply = await fetch(`/v1/jobs/${id}/events`, { headers, signal: late.signal });
    if (!reply.ok || !reply.body || !reply.headers.get("Content-Type").startsWith("text/event-stream")) return false;
    for await (const { type, data } of events(reply.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => late.abort(), SILENCE);
      if (type === "done" && data.job) { seen(data.job); return true; }
      if (job !== null && type === "thinking") job = { ...job, ...progress(job, data) };
      else if (job !== null && type === "answer.delta") job = { ...job, phase: "answering" };
      else if (type !== "comment") job = await call("GET", `/v1/jobs/${id}`); // its lane, route or attempt has changed
      if (job !== null) seen(job);
    }
    return true;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return false; // the connection broke: ask, and go on by polling
  } finally {
    clearTimeout(timer);
    late.abort();
  }
}

function progress(job, { phase, thinking_tokens, elapsed_s, expected }) {
  return { status: "running", phase, thinking_tokens, expected: { ...job.expected, ...expected }, elapsed_s };
}

// The events of a body that comes in pieces, cut anywhere.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    held += value;
    const frames = held.split("\n\n");
    held = frames.pop();
    for (const frame of frames) {
      const fields = Object.fromEntries(frame.split("\n").map((line) => [line.split(":", 1)[0], line.slice(line.indexOf(":") + 2)]));
      yield { type: fields.event || "comment", data: fields.data ? JSON.parse(fields.data) : {} };
    }
  }
}

export function ended(job) { return ["succeeded", "failed", "cancelled"].includes(job.status); }
