"""Metrics and logs over real processes: jobs of several kinds are run, and what is told equals what happened.

Where Prometheus is installed (Debian's package `prometheus`), it reads these metrics with the shipped configuration, and
takes every expression of the rules and the dashboard.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support import compose
from tests.support.monitoring import PROMETHEUS_OWN, RULES, expressions, named_in
from tests.support.processes import ROOT, Process, free_port
from tests.support.system import System, running_system
from tests.support.webhooks import receiving

MARKER = "zebra-in-the-prompt"
ANSWER = "okapi-in-the-answer"
SCRIPTS = {
    "endless": {"rate": 20, "endless": True},
    "refuses": {"status": 400},
    "answers": {"thinking_tokens": 7, "answer": json.dumps({"answer": ANSWER})},
}
Scrape = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Watched:
    """A system in which something happened: its jobs as they ended, and what was told of them."""

    system: System
    folder: Path
    jobs: dict[str, dict[str, Any]]
    text: str
    scrape: Scrape

    def value(self, name: str, **labels: str) -> float:
        """One sample; 0 when it is not there."""
        return self.scrape.get((name, frozenset(labels.items())), 0.0)

    def by(self, name: str, *labels: str) -> Counter[tuple[str, ...]]:
        """Sum the samples of a name by some of their labels, without zeros."""
        sums: Counter[tuple[str, ...]] = Counter()
        for (sample, of), value in self.scrape.items():
            if sample == name and value:
                sums[tuple(dict(of)[label] for label in labels)] += value
        return sums


def scraped(text: str) -> Scrape:
    """Read what /metrics told."""
    families = text_string_to_metric_families(text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def play(system: System, hook: str) -> dict[str, dict[str, Any]]:
    """Run a job of each kind; gives them as they ended."""
    ids = {
        "standard": system.submit(input=f"What is {MARKER}?", route="standard"),
        "falls back": system.submit(
            input=f"Prove {MARKER}.",
            route="reasoning",
            webhook_url=hook,
            webhook_events=["job.fallback", "job.succeeded"],
        ),
        "fails": system.submit(input=f"Refuse {MARKER}.", route="standard", model="refused"),
        "cancelled": system.submit(input=f"Ponder {MARKER}.", route="reasoning", deadline_s=60),
    }
    system.until(ids["cancelled"], status="running", phase="thinking")
    system.http.post(f"/v1/jobs/{ids['cancelled']}/cancel").raise_for_status()
    jobs = {name: system.ended(job_id) for name, job_id in ids.items()}
    jobs["repeated"] = system.ended(system.submit(input=f"What is {MARKER}?", route="standard"))
    lost = system.submit(input=f"Survive {MARKER}.", route="reasoning")
    system.until(lost, status="running", phase="thinking")
    system.workers["worker-reasoning"].send(signal.SIGKILL)
    system.worker("second", "reasoning")
    jobs["lost"] = system.ended(lost)
    return jobs


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[Watched]:
    """The system after its jobs have ended and everyone has told of them."""
    folder = tmp_path_factory.mktemp("monitoring")
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": SCRIPTS}))
    changes = {
        "lanes.reasoning.deadline_s": 2.0, "webhooks.allow_http": True, "webhooks.allow_networks": ["127.0.0.0/8"],
        "webhooks.poll_s": 0.1, "log_level": "debug", "reliability.lease_s": 3.0,
    }  # fmt: skip
    models = {"deep": "endless", "quick": "answers", "refused": "refuses"}
    workers = ("classify,standard,fallback", "reasoning", "deliver")
    with (
        receiving() as receiver,
        running_system(
            folder, redis_server, prefix="watched:", models=models, changes=changes, scripts=scripts, workers=workers
        ) as system,
    ):
        jobs = play(system, f"http://127.0.0.1:{receiver.port}/")
        told = until_told(system)
        # Read again: what a cancelled attempt had cost is added when its worker hears of it.
        jobs = {name: system.job(job["id"]) for name, job in jobs.items()}
        yield Watched(system, folder, jobs, told, scraped(told))


def until_told(system: System) -> str:
    """Scrape when webhooks have arrived and workers have said that they hold nothing."""
    until = time.monotonic() + 30
    while True:
        reply = system.http.get("/metrics")
        assert reply.status_code == 200, reply.text
        told = scraped(reply.text)
        idle = all(value == 0 for (name, _), value in told.items() if name == "thinkline_in_flight")
        if idle and told["thinkline_webhooks_pending", frozenset()] == 0:
            return reply.text
        assert time.monotonic() < until, reply.text
        time.sleep(0.2)


def test_jobs_are_counted_as_they_ended(watched: Watched) -> None:
    """By lane, status and who served them."""
    ended = Counter((job["lane"], job["status"], job["served_by"] or "") for job in watched.jobs.values())
    assert watched.by("thinkline_job_duration_seconds_count", "lane", "status", "served_by") == ended
    assert watched.jobs["falls back"]["lane"] == watched.jobs["lost"]["lane"] == "fallback"
    assert watched.by("thinkline_submissions_total", "outcome") == {("accepted",): 5, ("answered",): 1}
    assert watched.by("thinkline_cache_hits_total", "tier") == {("exact",): 1}
    assert watched.by("thinkline_cache_misses_total") == {(): 5}


def test_attempts_tokens_and_money_are_the_jobs_own(watched: Watched) -> None:
    """Sums over what each job says of its attempts."""
    attempts = [one for name, job in watched.jobs.items() if name != "repeated" for one in job["attempts"]]
    told = Counter((one["lane"], one["cause"] or one["outcome"], one["model"]) for one in attempts)
    assert watched.by("thinkline_attempts_total", "lane", "outcome", "model") == told
    assert watched.by("thinkline_stage_duration_seconds_count", "stage")["answer",] == len(attempts)
    begun = Counter((one["lane"], one["model"]) for one in attempts if one["first_token_s"] is not None)
    assert watched.by("thinkline_time_to_first_token_seconds_count", "lane", "model") == begun
    used = [one["usage"] for one in attempts]
    parts = {
        "prompt": sum(usage["prompt_tokens"] for usage in used),
        "reasoning": sum(usage["reasoning_tokens"] for usage in used),
        "answer": sum(usage["completion_tokens"] - usage["reasoning_tokens"] for usage in used),
    }
    assert watched.by("thinkline_tokens_total", "kind") == {(kind,): tokens for kind, tokens in parts.items()}
    assert watched.by("thinkline_spend_dollars_total")[()] == pytest.approx(sum(one["cost_usd"] for one in attempts))


def test_fallbacks_lost_leases_and_webhooks_are_counted(watched: Watched) -> None:
    """Two fell back; of these one had lost its worker; two events had one address to go to."""
    causes = Counter(
        (job["fallback"]["cause"],) for name, job in watched.jobs.items() if job["fallback"] and name != "repeated"
    )
    assert causes.total() == 2
    assert watched.by("thinkline_fallbacks_total", "cause") == causes
    assert watched.jobs["lost"]["crashes"] == 1
    assert watched.by("thinkline_leases_lost_total", "queue") == {("reasoning",): 1}
    assert watched.by("thinkline_webhooks_noted_total", "event") == {("job.fallback",): 1, ("job.succeeded",): 1}
    assert watched.by("thinkline_webhooks_ended_total", "status") == {("delivered",): 2}
    assert watched.by("thinkline_stage_duration_seconds_count", "stage")["deliver",] == 2


def test_requests_workers_and_streams_are_told(watched: Watched) -> None:
    """A live stream is seen while it is open; another API process tells the same."""
    assert watched.value("thinkline_http_requests_total", method="POST", route="/v1/jobs", status="202") == 5
    assert watched.value("thinkline_http_requests_total", method="POST", route="/v1/jobs", status="200") == 1
    assert watched.by("thinkline_workers", "queue") >= Counter(
        {(queue,): 1 for queue in ("classify", "reasoning", "deliver")}
    )
    system = watched.system
    port = free_port()
    other = system.processes.start("other-api", "-m", "api", env={"THINKLINE_API__PORT": str(port)})
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
        other.wait_until(lambda: answers(client), "the second API", 30)
        slow = system.submit(input="Take your time.", route="reasoning")
        with system.http.stream("GET", f"/v1/jobs/{slow}/events", headers={"accept": "text/event-stream"}) as stream:
            lines = stream.iter_lines()  # kept: the connection is closed with it
            next(lines)
            system.http.get("/metrics").raise_for_status()  # tells what it has open
            told = scraped(client.get("/metrics").text)
        assert told["thinkline_http_streams_open", frozenset()] == 1
        assert told["thinkline_api_processes", frozenset()] == 2
        requests = (
            "thinkline_http_requests_total",
            frozenset({("method", "POST"), ("route", "/v1/jobs"), ("status", "202")}),
        )
        assert told[requests] == 6
    system.ended(slow)


def answers(client: httpx.Client) -> bool:
    """Whether an API process is there."""
    try:
        return client.get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def test_nothing_private_is_told(watched: Watched) -> None:
    """No prompt, answer, tenant or id in the metrics; no prompt and no answer in any log."""
    for private in (MARKER, ANSWER, "default", "127.0.0.1", *(job["id"] for job in watched.jobs.values())):
        assert private not in watched.text, private
    assert not re.search(r"[0-9a-f]{16}", watched.text), "no id of any kind"
    for log in watched.folder.glob("*.log"):
        said = log.read_text()
        assert MARKER not in said, log.name
        assert ANSWER not in said, log.name


def test_every_line_of_a_log_is_an_object_and_a_job_can_be_followed(watched: Watched) -> None:
    """By the field `job`, through all processes; nowhere else does a job's id stand without it."""
    events: dict[str, list[str]] = {}
    for log in watched.folder.glob("*.log"):
        for line in log.read_text().splitlines():
            entry = json.loads(line)
            assert {"event", "level", "timestamp", "part"} <= set(entry), line
            ids = set(re.findall(r"job_[0-9a-f]{32}", line))
            if ids and entry["part"] != "celery":  # its own word for a task is the job's id and attempt
                assert ids == {entry.get("job")}, line
            events.setdefault(entry.get("job", ""), []).append(entry["event"])
    jobs = watched.jobs
    assert "attempt.succeeded" in events[jobs["standard"]["id"]]
    assert {"attempt.failed", "attempt.succeeded", "delivery.tried"} <= set(events[jobs["falls back"]["id"]])
    assert "attempt.failed" in events[jobs["fails"]["id"]]
    # Its worker hears that it was cancelled at its next heartbeat, or when its time is over before that.
    assert {"attempt.lost", "fallback.refused"} & set(events[jobs["cancelled"]["id"]])
    assert "lease.lost" in events[jobs["lost"]["id"]]


@pytest.mark.parametrize(("name", "expression"), list(expressions()))
def test_every_metric_of_rules_and_dashboard_is_told(watched: Watched, name: str, expression: str) -> None:
    """With the labels that it asks for; after all this happened, each has at least one series."""
    for metric, labels in named_in(expression).items():
        if metric in PROMETHEUS_OWN:
            continue
        series = [dict(of) for sample, of in watched.scrape if sample == metric]
        assert series, f"{name}: {metric}"
        assert all(labels <= set(of) for of in series), f"{name}: {metric} has {sorted(series[0])}"
    grouped = {label for group in re.findall(r"\bby\s*\(([^)]*)\)", expression) for label in re.split(r",\s*", group)}
    known = {
        label for metric in named_in(expression) for sample, of in watched.scrape if sample == metric for label, _ in of
    }
    assert grouped <= known, name


@pytest.fixture(scope="module")
def prometheus(watched: Watched) -> Iterator[httpx.Client]:
    """The shipped configuration and command line in a real Prometheus, with this machine's address and no key."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("needs `prometheus` on the PATH (Debian's package of that name, 96 MB)")
    port, folder = free_port(), watched.folder / "prometheus"
    folder.mkdir()
    config = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    for there, here in (
        ("authorization: {credentials_file: /run/secrets/metrics_key}", f"# {MARKER}"),
        ("api:8080", watched.system.url.removeprefix("http://")),
        ("_interval: 15s", "_interval: 1s"),
    ):
        assert there in config
        config = config.replace(there, here)
    (folder / "prometheus.yml").write_text(config)
    shutil.copy(RULES, folder / "rules.yml")
    service = compose.services(compose.load(dict.fromkeys(compose.variables_of(compose.COMPOSE.read_text()), "x")))
    command = " ".join(service["prometheus"].command)
    for there, here in (
        ("/etc/prometheus", str(folder)), ("=/prometheus", f"={folder}/data"), ("0.0.0.0:9090", f"127.0.0.1:{port}"),
    ):  # fmt: skip
        assert there in command
        command = command.replace(there, here)
    runs = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
    process = Process("prometheus", ["-c", runs, binary, *command.split()], {}, folder)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
        try:
            until = time.monotonic() + 60
            while not _result(client, "up == 1") or len(_result(client, "count_over_time(up[1m]) > 3")) == 0:
                assert process.alive, process.tail()
                assert time.monotonic() < until, process.tail()
                time.sleep(0.5)
            yield client
        finally:
            process.stop()


def _result(client: httpx.Client, query: str) -> list[Any]:
    try:
        reply = client.get("/api/v1/query", params={"query": query})
    except httpx.HTTPError:
        return []
    if reply.status_code != 200:
        raise AssertionError(f"{query}: {reply.text}")
    found: list[Any] = reply.json()["data"]["result"]
    return found


def test_prometheus_takes_every_expression(prometheus: httpx.Client) -> None:
    """None is refused, and what the dashboard shows of now is there."""
    for name, expression in expressions():
        found = _result(prometheus, expression.replace("$__rate_interval", "1m"))
        if name in ("Queue depth", "Age of the oldest", "In flight and slots", "Workers", "Memory of Redis"):
            assert found, name
    rules = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    assert {rule["health"] for group in rules for rule in group["rules"]} <= {"ok", "unknown"}


def test_promtool_accepts_the_rules() -> None:
    """Prometheus' own check."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("needs `promtool` on the PATH (Debian's package `prometheus`, 96 MB)")
    done = subprocess.run([tool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
