// The page: takes a query, shows its job while a model thinks, and brings the latest jobs back after a reload.

import { call, follow, onKeyNeeded, submit, useKey } from "./calls.js";
import { Card, learnModels } from "./card.js";

const $ = (id) => document.getElementById(id);
const cards = new Map();
const QUERIES = "thinkline-queries";
const KEPT = 50;
const EXAMPLES = {
  capital: { input: "What is the capital of France?", route: "auto" },
  train: {
    input: "A train leaves at 9:40 and arrives at 13:05. How many minutes is the ride?",
    route: "reasoning",
    schema: { type: "object", properties: { minutes: { type: "integer" } }, required: ["minutes"] },
  },
  proof: { input: "Prove that the square root of two is irrational, and say which step fails for four.", route: "auto" },
};

// What was asked is not part of a job, so that this tab remembers it.
function queries() { return JSON.parse(sessionStorage.getItem(QUERIES) || "{}"); }
function remember(id, query) {
  const latest = Object.entries({ ...queries(), [id]: query.slice(0, 500) }).slice(-KEPT);
  sessionStorage.setItem(QUERIES, JSON.stringify(Object.fromEntries(latest)));
}

function announce(text) { $("news").textContent = text; }

function watch(id, query, { last = false, job = null } = {}) {
  const card = new Card(id, query, () => followed(card));
  cards.set(id, card);
  $("empty").hidden = true;
  $("jobs")[last ? "append" : "prepend"](card.node);
  if (job) card.show(job);
  if (!job || card.running) followed(card);
}

async function followed(card) {
  const many = () => [...cards.values()].filter((other) => other.running).length;
  await follow(card.id, many, (job) => card.show(job), (error) => card.trouble(error));
  if (card.job) announce(`Job ${card.job.status}: ${card.find(".query").textContent}`);
}

function request() {
  const body = { input: $("input").value, route: $("form").elements.route.value, cache: $("cache").value };
  if ($("instructions").value.trim()) body.instructions = $("instructions").value;
  if ($("deadline").value) body.deadline_s = Number($("deadline").value);
  if ($("schema").value.trim()) {
    try {
      body.schema = JSON.parse($("schema").value);
    } catch (error) {
      throw new Error(`The JSON Schema is not valid JSON: ${error.message}`);
    }
  }
  return body;
}

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

async function send() {
  problem("");
  $("submit").disabled = true;
  try {
    const body = request();
    const accepted = await submit(body);
    remember(accepted.id, body.input);
    watch(accepted.id, body.input);
    announce("Submitted");
  } catch (error) {
    problem(error.message);
  }
  $("submit").disabled = false;
}

async function latest() {
  await learnModels();
  const known = queries();
  const page = await call("GET", "/v1/jobs?limit=10").catch(() => ({ data: [] }));
  for (const job of page.data) {
    if (!cards.has(job.id)) watch(job.id, known[job.id], { last: true, job });
  }
}

async function health() {
  const state = await fetch("/readyz").then((reply) => reply.json()).catch(() => null);
  const missing = state ? state.missing.map((name) => name.replace("worker_", "worker: ")) : [];
  $("health").dataset.state = state ? state.status : "missing";
  $("health").querySelector("span").textContent = !state ? "the API cannot be reached"
    : missing.length ? `missing: ${missing.join(", ")}` : "all parts are running";
}

function example(name) {
  const { input, route, schema } = EXAMPLES[name];
  $("input").value = input;
  $("form").elements.route.value = route;
  $("schema").value = schema ? JSON.stringify(schema, null, 2) : "";
  $("more").open = Boolean(schema);
  $("input").focus();
}

onKeyNeeded(() => { $("key-form").hidden = false; });
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey($("key").value.trim());
  $("key").value = "";
  $("key-form").hidden = true;
  problem("");
  latest();
});
$("form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
$("input").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
});
for (const chip of document.querySelectorAll(".chip")) chip.addEventListener("click", () => example(chip.dataset.example));
latest();
health();
setInterval(health, 10_000);
