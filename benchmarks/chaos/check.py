"""What must be true at the end, looked at from outside: the API's lists, what is left in Redis, who was called and told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import redis

from benchmarks.chaos.client import TERMINAL, Asked
from benchmarks.chaos.jobs import POISON
from benchmarks.chaos.receiver import Receiver

Calls = Mapping[str, list[tuple[int, float]]]
LANES = ("reasoning", "standard", "fallback")
QUEUES = ("classify", *LANES, "deliver")
CRASHES = 3  # reliability.max_crashes
ROUNDING_S = 0.002  # Redis tells whole milliseconds


@dataclass(slots=True)
class Verdict:
    """What was found: the violations, and how the jobs of each kind ended."""

    wrong: list[str] = field(default_factory=list)
    ends: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    counts: Counter[str] = field(default_factory=Counter)

    def need(self, fact: object, otherwise: str) -> None:
        """Note a violation unless something is so."""
        if not fact:
            self.wrong.append(otherwise)


def all_jobs(http: httpx.Client) -> dict[str, dict[str, Any]]:
    """Read every job of the tenant from the API."""
    found: dict[str, dict[str, Any]] = {}
    cursor: dict[str, str] = {}
    while True:
        reply = http.get("/v1/jobs", params={"limit": 500, **cursor})
        reply.raise_for_status()
        page = reply.json()
        found |= {job["id"]: job for job in page["data"]}
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def check_jobs(verdict: Verdict, asked: Mapping[str, Asked], jobs: Mapping[str, dict[str, Any]]) -> None:
    """Every acknowledged job ended once, as it should, and nobody had seen another end."""
    for job_id, one in asked.items():
        job = jobs.get(job_id)
        if job is None:
            verdict.wrong.append(f"{job_id} was acknowledged and is lost")
            continue
        _ended_once(verdict, job)
        _as_it_should(verdict, one, job)
        seen = set(one.ends_seen) - {(job["status"], job["finished_at"])}
        verdict.need(not seen, f"{job_id} ended as {job['status']}, and its owner had seen {seen}")
        if one.wanted.followed:
            ids = one.event_ids
            verdict.need(one.dones == 1, f"{job_id}: its stream told {one.dones} ends")
            verdict.need(len(set(ids)) == len(ids), f"{job_id}: its stream told an event twice")
            verdict.counts["streams read to their end"] += 1
    for job_id in jobs.keys() - asked.keys():  # stored, but the reply was lost: nobody knows it, and yet it must end
        verdict.counts["stored without an acknowledgement"] += 1
        _ended_once(verdict, jobs[job_id])


def _ended_once(verdict: Verdict, job: dict[str, Any]) -> None:
    steps = [step["step"] for step in job["steps"]]
    ends = [step for step in steps if step in TERMINAL]
    verdict.need(job["status"] in TERMINAL, f"{job['id']} is still {job['status']}: {steps[-6:]}")
    verdict.need(ends == [job["status"]], f"{job['id']} is {job['status']} after the ends {ends}")
    claims = _claims(job)
    verdict.need(len(set(claims)) == len(claims), f"{job['id']}: an attempt was claimed twice: {claims}")
    verdict.counts["attempts"] += len(claims)
    verdict.counts["crashes"] += job["crashes"]
    verdict.counts["handed over after a crash"] += steps.count("worker_lost")


def _as_it_should(verdict: Verdict, one: Asked, job: dict[str, Any]) -> None:
    kind, code = one.wanted.kind, (job["error"] or {}).get("code", "")
    end = f"{job['status']} {code}".strip()
    verdict.ends[kind][end] += 1
    if one.cancelled:
        verdict.need(job["status"] == "cancelled", f"{one.job_id}: was cancelled, and {end}")
        return
    verdict.need(job["status"] != "cancelled", f"{one.job_id}: nobody cancelled it, and it is cancelled")
    if code == "poisoned":
        verdict.need(job["crashes"] == CRASHES, f"{one.job_id}: set aside after {job['crashes']} crashes")
        verdict.counts["set aside, and not poisonous"] += kind != POISON
    elif kind == POISON:
        verdict.wrong.append(f"{one.job_id}: poisonous, and {end}")
    elif kind == "never good":
        verdict.need(job["status"] == "failed", f"{one.job_id}: no model answered, and it {end}")
    else:
        verdict.need(
            job["status"] == "succeeded", f"{one.job_id} ({kind}): {end}: {(job['error'] or {}).get('causes')}"
        )


def _claims(job: dict[str, Any]) -> list[int]:
    """The numbers of the attempts that a worker began at answering."""
    return [step["attempt"] for step in job["steps"] if step["step"] == "waiting" and step["lane"] in LANES]


def check_calls(verdict: Verdict, jobs: Mapping[str, dict[str, Any]], calls: Calls) -> None:
    """The models were called no more often than attempts are recorded, and every result is that of the last attempt."""
    allowed: Counter[str] = Counter()
    when = {number: (question, at) for question, made in calls.items() for number, at in made}
    for job in jobs.values():
        question, lies = job["metadata"]["question"], job["metadata"]["kind"] == "lies"
        allowed[question] += len(_claims(job)) * (2 if lies else 1)  # a lie is given to a model once, to be reshaped
        if job["status"] == "succeeded":
            _own_result(verdict, job, question, when)
    for question, made in calls.items():
        verdict.counts["calls of a model"] += len(made)
        verdict.need(
            len(made) <= allowed[question], f"{question}: {len(made)} calls for {allowed[question]} attempts recorded"
        )


def _own_result(verdict: Verdict, job: dict[str, Any], question: str, when: Mapping[int, tuple[str, float]]) -> None:
    result = job["result"]
    told = (result["question"], result["call"]) if "call" in result else tuple(result["answer"].split(" "))
    verdict.need(told[0] == question, f"{job['id']} asked {question} and was given the answer to {told[0]}")
    _, at = when[int(told[1])]
    if job["served_by"] != "model":
        verdict.counts[f"served by {job['served_by']}"] += 1
        return
    last = job["attempts"][-1]
    verdict.need(
        (last["attempt"], last["outcome"]) == (job["attempt"], "succeeded"),
        f"{job['id']}: attempt {job['attempt']} is current, and the result is that of {last['attempt']}",
    )
    began = [step["at"] for step in job["steps"] if step["step"] == "waiting" and step["attempt"] == job["attempt"]]
    verdict.need(
        began and at >= datetime.fromisoformat(began[-1]).timestamp() - ROUNDING_S,
        f"{job['id']}: its result is of a call made before its last attempt began",
    )


def check_webhooks(
    verdict: Verdict, asked: Mapping[str, Asked], jobs: Mapping[str, dict[str, Any]], heard: Receiver
) -> None:
    """Every event that was asked for arrived under one id, signed, and none that did not happen."""
    expected: set[tuple[str, str]] = set()
    for job_id, job in jobs.items():
        if job_id in asked and asked[job_id].wanted.told:
            expected.add((job_id, f"job.{job['status']}"))
            if job["fallback"]:
                expected.add((job_id, "job.fallback"))
    known = {name for name in heard.taken if name[0] in asked}
    verdict.need(
        known == expected, f"webhooks missing {_few(expected - known)}, without cause {_few(known - expected)}"
    )
    verdict.need(not heard.unsigned, f"{heard.unsigned} webhooks were not signed by the secret")
    for name, ids in heard.taken.items():
        verdict.need(len(ids) == 1, f"{name} came under {len(ids)} ids")
        verdict.need(name[0] in jobs, f"{name} is told of a job that is not there")
        if name[0] in jobs and name[1] == "job.succeeded":
            verdict.need(heard.told[name].get("result") == jobs[name[0]]["result"], f"{name} told another result")
    verdict.counts["webhooks taken"] = len(heard.taken)
    verdict.counts["tries of webhooks"] = heard.requests


def check_left_over(verdict: Verdict, store: redis.Redis, jobs: Mapping[str, dict[str, Any]]) -> None:
    """No lease, claim, place in a queue, message or delivery is left, and each job has one `done`."""
    sizes = {"due": store.zcard("tl:due"), "deliveries": store.zcard("tl:deliveries")}
    sizes |= {f"waiting:{queue}": store.zcard(f"tl:waiting:{queue}") for queue in QUEUES}
    sizes |= {f"messages of {queue}": store.llen(f"tl:{queue}") for queue in QUEUES}
    sizes |= {"unacked_index": store.zcard("tl:unacked_index"), "unacked": store.hlen("tl:unacked")}
    for pattern in ("target:*:busy", "target:*:parked", "cache:flight:*", "job:*:joined", "apart:*"):
        sizes[pattern] = sum(1 for _ in store.scan_iter(match=f"tl:{pattern}", count=5000))
    left = {name: size for name, size in sizes.items() if size}
    verdict.need(not left, f"left over in Redis: {left}")
    ids = list(jobs)
    for begin in range(0, len(ids), 500):
        pipeline = store.pipeline(transaction=False)
        some = ids[begin : begin + 500]
        for job_id in some:
            pipeline.xrange(f"tl:job:{job_id}:events")
        for job_id, events in zip(some, pipeline.execute(), strict=True):
            dones = sum(fields["type"] == "done" for _, fields in events)
            verdict.need(dones == 1, f"{job_id} has {dones} `done` events")


def _few(names: set[tuple[str, str]]) -> str:
    return f"{len(names)} {sorted(names)[:4]}"
