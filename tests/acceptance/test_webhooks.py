"""Webhooks with real processes: receivers that break every rule, delivery workers that are killed, a Redis that dies.

`WEBHOOK_JOBS=2000 python -m pytest tests/acceptance/test_webhooks.py -k every_event` is the long run; WEBHOOK_SEED repeats one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.support.processes import Process, free_port
from tests.support.redis import RedisServer
from tests.support.system import System, running_system
from tests.support.webhooks import Answer, Certificates, Got, Receiver, make_certificates, raw, receiving, say

JOBS = int(os.environ.get("WEBHOOK_JOBS", "150"))
SEED = int(os.environ.get("WEBHOOK_SEED", "7"))
LANES = ("classify", "reasoning,standard,fallback")
QUICK = {
    "webhooks.allow_networks": ["127.0.0.0/8"], "webhooks.retry_s": [0.3] * 80, "webhooks.poll_s": 0.1,
    "webhooks.total_s": 1.0, "webhooks.endpoint_failures": 8, "webhooks.endpoint_pause_s": 0.1,
    "webhooks.endpoint_max_pause_s": 0.5, "reliability.lost_message_s": 1.0, "lanes.reasoning.slots": 60,
}  # fmt: skip
MODELS = {"deep": "instant", "quick": "instant", "down": "refuses", "slow": "thinks-3s"}
# What a job of each kind is, and what must be told of it.
KINDS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "succeeds": ({"route": "standard"}, {"job.succeeded"}),
    "fails": ({"route": "standard", "model": "down"}, {"job.failed"}),
    "falls back": ({"route": "reasoning", "model": "down"}, {"job.fallback", "job.succeeded"}),
    "is cancelled": ({"route": "reasoning", "model": "slow"}, {"job.cancelled"}),
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority for the receivers of these tests."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


Drawn = tuple[bool, Answer]  # whether it says that the event has arrived
GOOD: Drawn = (True, say(204))


def unruly(seed: int) -> Callable[[], Drawn]:
    """Draw answers: about half are good, the others fail, hang, cut and lie."""
    draw = random.Random(seed)
    bad: list[Answer] = [
        say(500), say(503, "retry-after: 1\r\n"), say(429), say(502), say(404),
        say(302, "location: https://127.0.0.1:1/\r\n"), raw(b""), raw(b"HTTP/1.1 200 O"),
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nnot so many"), raw(b"", pause_s=1.5),
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nslow", every_s=0.1), raw(b"220 ready\r\n"),
    ]  # fmt: skip
    return lambda: (False, draw.choice(bad)) if draw.random() < 0.45 else GOOD


class Inbox:
    """What a receiver got, by what it answered; every signature is verified as it comes."""

    def __init__(self, receiver: Receiver, answers: Callable[[], Drawn]) -> None:
        self.secrets: list[str] = []
        self.accepted: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        self.bodies: defaultdict[str, set[bytes]] = defaultdict(set)
        self.unsigned = 0
        self.requests = 0
        self.url = f"https://127.0.0.1:{receiver.port}"
        self._lock = threading.Lock()
        self._answers = answers
        receiver.otherwise = self._answer

    def _answer(self, connection: socket, got: Got) -> None:
        with self._lock:
            arrived, answer = self._answers()
        answer(connection, got)
        with self._lock:
            self.requests += 1
            name, event = got.headers["webhook-id"], got.event
            self.bodies[name].add(got.body)
            if self._verified(got) and arrived:
                self.accepted[event["data"]["id"], event["type"], got.path].add(name)

    def _verified(self, got: Got) -> bool:
        for secret in self.secrets:
            try:
                Webhook(secret).verify(got.body, got.headers)
            except Exception:  # noqa: BLE001, S112 - whatever the package says of it, this secret does not fit
                continue
            return True
        self.unsigned += 1
        return False


@contextmanager
def system_with(folder: Path, redis_url: str, certificates: Certificates, **more: Any) -> Iterator[System]:
    """Run the system without a worker that delivers."""
    changes = {**QUICK, "webhooks.ca_file": str(certificates.authority), **more}
    with running_system(
        folder, redis_url, prefix=f"wh{folder.name[-12:]}:", changes=changes, models=MODELS, workers=LANES
    ) as system:
        yield system


def submit(system: System, inbox: Inbox, number: int, kind: str) -> str:
    """Submit a job of a kind; every second one names an address of its own."""
    body, _ = KINDS[kind]
    own = {"webhook_url": f"{inbox.url}/own"} if number % 2 else {}
    job_id = system.submit(input=f"Question number {number}?", cache="off", **body, **own)
    if kind == "is cancelled":
        assert system.http.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
    return job_id


def deliveries(system: System, **wanted: Any) -> list[dict[str, Any]]:
    """List all deliveries."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = system.http.get("/v1/webhooks/deliveries", params={"limit": 100, **wanted, **cursor}).json()
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def delivered(system: System) -> bool:
    """Whether there is something, and all of it has arrived."""
    return {one["status"] for one in deliveries(system)} == {"delivered"}


def wait_until(ready: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Wait for something."""
    until = time.monotonic() + timeout_s
    while not ready():
        assert time.monotonic() < until, f"never {what}"
        time.sleep(0.3)


@pytest.mark.slow
def test_every_event_arrives_and_no_other(tmp_path: Path, redis_url: str, certificates: Certificates) -> None:
    """Jobs that end in every way, a receiver that fails, hangs, cuts and lies, workers that are killed while they send."""
    with receiving(certificates) as receiver, system_with(tmp_path, redis_url, certificates) as system:
        inbox = Inbox(receiver, unruly(SEED))
        every = ["job.succeeded", "job.failed", "job.cancelled", "job.fallback"]
        made = system.http.post("/v1/webhooks", json={"url": f"{inbox.url}/endpoint", "events": every})
        inbox.secrets.append(made.json()["secret"])
        killer = Killer(system, most=max(2, JOBS // 40))
        jobs: dict[str, tuple[int, str]] = {}
        for number in range(JOBS):
            kind = random.Random(SEED * 1_000_003 + number).choice(list(KINDS))
            jobs[submit(system, inbox, number, kind)] = (number, kind)
            if number == JOBS // 2:
                inbox.secrets.append(system.http.post("/v1/webhooks/secret/rotate").json()["secret"])
        for job_id in jobs:
            system.ended(job_id)
        wait_until(lambda: not deliveries(system, status="pending"), "all delivered", 60 + JOBS / 5)
        kills = killer.stop()

        expected: set[tuple[str, str, str]] = set()
        for job_id, (number, kind) in jobs.items():
            told = KINDS[kind][1]
            expected |= {(job_id, event, "/endpoint") for event in told}
            expected |= {(job_id, event, "/own") for event in told if number % 2 and event != "job.fallback"}
        assert set(inbox.accepted) == expected
        assert inbox.unsigned == 0
        assert all(len(names) == 1 for names in inbox.accepted.values()), "one event, one id, in every try"
        assert all(len(bodies) == 1 for bodies in inbox.bodies.values()), "and one body"
        everything = deliveries(system)
        assert {one["status"] for one in everything} == {"delivered"}
        assert len(everything) == len(expected)
        assert kills >= 2
        print(f"\n{JOBS} jobs, {len(expected)} events, {inbox.requests} requests, {kills} workers killed")  # noqa: T201


class Killer(threading.Thread):
    """Keeps two delivery workers running, and kills one of them whenever both are."""

    def __init__(self, system: System, most: int) -> None:
        super().__init__(daemon=True)
        self._system, self._done, self.kills, self._most = system, threading.Event(), 0, most
        self._workers = [self._worker(n) for n in range(2)]
        self.start()

    def run(self) -> None:
        """Kill and replace until stopped."""
        while self.kills < self._most and not self._done.wait(1.0):
            if not all("worker.started" in worker.log.read_text() for worker in self._workers):
                continue
            self._workers.pop(0).send(signal.SIGKILL)
            self.kills += 1
            self._workers.append(self._worker(self.kills + 1))

    def stop(self) -> int:
        """Stop; how many were killed."""
        self._done.set()
        self.join(10)
        return self.kills

    def _worker(self, number: int) -> Process:
        return self._system.worker(f"deliver-{number}", "deliver", slots=20)


def test_a_crash_between_the_end_and_the_sending_loses_nothing(
    tmp_path: Path, own_redis: RedisServer, certificates: Certificates
) -> None:
    """Nobody delivers while the jobs end, and Redis is killed; a worker that starts later sends all of it."""
    with receiving(certificates) as receiver, system_with(tmp_path, own_redis.url, certificates) as system:
        inbox = Inbox(receiver, lambda: GOOD)
        inbox.secrets.append(system.http.post("/v1/webhooks/secret/rotate").json()["secret"])
        url = f"{inbox.url}/own"
        ids = [system.submit(input=f"Question {n}?", route="standard", webhook_url=url, cache="off") for n in range(10)]
        assert {system.ended(job_id)["status"] for job_id in ids} == {"succeeded"}
        own_redis.kill()
        own_redis.start()
        assert receiver.connections == 0
        system.worker("deliver", "deliver")
        wait_until(lambda: len(inbox.accepted) == len(ids), "all delivered", 40)

        assert {job_id for job_id, _, _ in inbox.accepted} == set(ids)
        assert inbox.unsigned == 0


def test_a_stopping_worker_sends_again_what_it_broke_off(
    tmp_path: Path, redis_url: str, certificates: Certificates
) -> None:
    """SIGTERM while a receiver hangs: the worker leaves, another one delivers at once, and the try is not counted."""
    limits = {"webhooks.total_s": 60.0, "reliability.shutdown_grace_s": 0.5}
    with receiving(certificates) as receiver, system_with(tmp_path, redis_url, certificates, **limits) as system:
        receiver.answers.append(raw(b"", pause_s=25))
        first = system.worker("first", "deliver")
        job_id = system.submit(
            input="Any question?", route="standard", webhook_url=f"https://127.0.0.1:{receiver.port}/"
        )
        wait_until(lambda: bool(receiver.got), "a first try", 30)
        system.worker("second", "deliver")
        began = time.monotonic()
        assert first.stop(signal.SIGTERM, timeout_s=20) == 0
        assert time.monotonic() - began < 15
        wait_until(lambda: len(receiver.got) == 2, "a second try", 30)
        wait_until(lambda: delivered(system), "delivered", 10)

        (delivery,) = deliveries(system, job_id=job_id)
        assert delivery["tries"] == 1
        assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"] == delivery["id"]


def test_prompts_and_secrets_stay_out_of_messages_logs_and_events(
    tmp_path: Path, redis_url: str, certificates: Certificates
) -> None:
    """What was asked is in no webhook; the secret, the address and the answer are in no log."""
    with receiving(certificates) as receiver, system_with(tmp_path, redis_url, certificates) as system:
        secret = system.http.post("/v1/webhooks/secret/rotate").json()["secret"]
        receiver.answers += [say(500), raw(b"")]
        system.worker("deliver", "deliver")
        url = f"https://127.0.0.1:{receiver.port}/token-in-the-path"
        system.submit(
            input="marker-of-the-prompt", instructions="marker-of-instructions", route="standard", webhook_url=url
        )
        wait_until(lambda: delivered(system), "delivered", 40)

        for got in receiver.got:
            assert b"marker-of" not in got.body
            assert "result" in got.event["data"]
        logs = "".join(log.read_text(errors="replace") for log in tmp_path.glob("*.log"))
        assert "delivery.tried" in logs
        for private in ("marker-of", secret, secret.removeprefix("whsec_"), "token-in-the-path", "a simulated answer"):
            assert private not in logs


def test_listen_shows_and_verifies(tmp_path: Path, redis_url: str, certificates: Certificates) -> None:
    """`thinkline webhook listen` beside a running system: its secret is right, then it is not."""
    port = free_port()
    with system_with(tmp_path, redis_url, certificates, **{"webhooks.allow_http": True}) as system:
        secret = system.http.post("/v1/webhooks/secret/rotate").json()["secret"]
        listen = ("-m", "workers.cli", "webhook", "listen", "--json", "--port", str(port))
        right = system.processes.start("listen", *listen, "--secret", secret)
        system.worker("deliver", "deliver")
        system.submit(input="Any question?", route="standard", webhook_url=f"http://127.0.0.1:{port}/")
        wait_until(lambda: "job.succeeded" in right.log.read_text(), "shown", 40)
        line = json.loads(right.log.read_text().splitlines()[0])
        assert right.stop(signal.SIGINT) == 0
        other = system.processes.start("listen-2", *listen, "--secret", f"whsec_{'A' * 43}=")
        (delivery,) = deliveries(system)
        assert system.http.post(f"/v1/webhooks/deliveries/{delivery['id']}/resend").status_code == 202
        wait_until(lambda: "job.succeeded" in other.log.read_text(), "shown", 40)
        again = json.loads(other.log.read_text().splitlines()[0])

    assert (line["type"], line["verdict"], line["times"]) == ("job.succeeded", "verified", 1)
    assert again["verdict"] == "No matching signature found"
    assert again["event"] == line["event"]
