// One job on the page: drawn from each state that arrives, and its clock between two of them.

import { call, ended } from "./calls.js";
import { answer, doing, facts, notes, seconds, step } from "./words.js";

const simulated = new Set(); // models of the catalogue behind which is a script
export async function learnModels() {
  const { data } = await call("GET", "/v1/models").catch(() => ({ data: [] }));
  for (const model of data) if (model.simulated) simulated.add(model.id);
}

export class Card {
  constructor(id, query, again) {
    this.node = document.getElementById("job").content.cloneNode(true).querySelector("article");
    this.at = 0;
    this.id = id;
    this.job = null;
    this.find(".query").textContent = query || "Submitted elsewhere";
    this.find(".badge").textContent = "queued";
    this.find("footer").textContent = id;
    this.find(".cancel").addEventListener("click", () => this.ask("cancel"));
    this.find(".retry").addEventListener("click", () => this.ask("retry").then(again));
    this.find(".copy").addEventListener("click", () => this.copy());
    this.ticking = setInterval(() => this.tick(), 250);
  }

  find(selector) { return this.node.querySelector(selector); }

  get running() { return this.job !== null && !ended(this.job); }

  async ask(what) {
    const button = this.find(`.${what}`);
    button.disabled = true;
    try {
      this.show(await call("POST", `/v1/jobs/${this.id}/${what}`));
    } catch (error) {
      this.trouble(error);
    }
    button.disabled = false;
  }

  async copy() {
    await navigator.clipboard.writeText(this.find("pre").textContent);
    this.find(".copy").textContent = "Copied";
    setTimeout(() => { this.find(".copy").textContent = "Copy"; }, 1500);
  }

  trouble(error) {
    this.find(".doing").textContent = error.message;
    if (error.status === 404) {
      clearInterval(this.ticking);
      this.node.classList.add("ended");
      this.note("bad", "This job is not known any more.");
    }
  }

  show(job) {
    this.job = job;
    this.at = performance.now();
    this.node.className = `card job ${job.status}`;
    this.node.classList.toggle("ended", ended(job));
    this.node.classList.toggle("unknown", !job.expected.known);
    this.find(".badge").textContent = job.status;
    this.find(".lane").hidden = !job.lane;
    this.find(".lane").textContent = job.lane ? `${job.lane} lane` : "";
    this.find(".cancel").hidden = ended(job);
    this.find(".retry").hidden = !["failed", "cancelled"].includes(job.status);
    const at = step(job);
    this.node.querySelectorAll(".way li").forEach((item, n) => {
      item.className = n < at ? "past" : n === at ? "now" : "";
    });
    const { text, title, code } = answer(job);
    this.fill(".answer", text);
    this.find("h4").textContent = title;
    this.find("pre").textContent = code;
    this.find(".json").hidden = !code;
    const { warm, bad } = notes(job);
    this.note("warm", warm);
    this.note("bad", bad);
    this.find("dl").replaceChildren(...facts(job, simulated).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    this.find("footer").textContent = `${this.id} · ${new Date(job.created_at).toLocaleString()}`;
    this.tick();
  }

  tick() {
    if (this.job === null) return;
    const job = this.job;
    if (ended(job)) {
      this.find(".clock").textContent = `in ${seconds(job.elapsed_s)}`;
      return;
    }
    const elapsed = job.elapsed_s + (performance.now() - this.at) / 1000;
    this.find(".clock").textContent = seconds(elapsed);
    this.find(".doing").textContent = doing(job, elapsed);
    if (!job.expected.known) return;
    const share = Math.min(100, Math.round((elapsed / job.expected.p90_s) * 100));
    this.node.classList.toggle("late", elapsed > job.expected.p90_s);
    this.find(".bar i").style.width = `${share}%`;
    this.find(".bar").setAttribute("aria-valuenow", share);
  }

  note(kind, text) { this.fill(`.note.${kind}`, text); }

  fill(selector, text) {
    this.find(selector).textContent = text;
    this.find(selector).hidden = !text;
  }
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
