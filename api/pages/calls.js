// Talks to the API: adds the key of this tab, understands problems, and tells when a key is needed.

const KEY = "thinkline-key";
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
  for (;;) {
    try {
      // A browser has six connections for one site: few jobs are waited for, many are asked for once a second.
      const waits = many() <= 3;
      const job = await call("GET", `/v1/jobs/${id}${waits ? "?wait=1" : ""}`);
      seen(job);
      if (ended(job)) return;
      if (!waits) await pause(1);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      troubled(error);
      if (error.status === 404) return;
      await pause(Math.max(2, error.retryAfter));
    }
  }
}

export function ended(job) { return ["succeeded", "failed", "cancelled"].includes(job.status); }
