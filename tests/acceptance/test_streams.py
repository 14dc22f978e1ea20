"""Live streams and the commands that show them, over the real system: thinking, fallback, the answer, and a real Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import ROOT, free_port
from tests.support.sse import streamed, told
from tests.support.system import System, running_system

SCRIPTS = {
    "ponders": {"first_token_s": 2.5, "thinking_tokens": 30, "rate": 10, "answer": '{"answer": "because it is"}'},
    "endless": {"rate": 10, "endless": True},
    "counts": {"answer": '{"n": 1}'},
    "hopeless": {"answer": "no JSON at all", "status": 500},
}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Iterator[System]:
    """A system whose reasoning model ponders for some seconds, silent at first."""
    folder = tmp_path_factory.mktemp("streams")
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps({"models": SCRIPTS}))
    models = {"deep": "ponders", "quick": "instant", "endless": "endless", "hopeless": "hopeless", "counts": "counts"}
    with running_system(
        folder, redis_server, prefix="streams:", models=models, scripts=scripts,
        changes={"upstreams.scripted.max_retries": 0}, workers=("classify,reasoning,standard,fallback",),
    ) as one:  # fmt: skip
        yield one


@pytest.fixture
def command(system: System) -> dict[str, Any]:
    """How a command is started: at this system, by the environment alone."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("THINKLINE_")}
    env = {**clean, "PYTHONPATH": str(ROOT), "THINKLINE_CLIENT_URL": system.url, "COLUMNS": "100"}
    return {"env": env, "cwd": ROOT}


def thinkline(*arguments: str) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "workers.cli", *arguments]


def test_a_thinking_job_is_told_from_its_first_to_its_last_moment(system: System) -> None:
    """Ticks while the model is silent, then tokens, the answer piece by piece, and the job with `done`."""
    job_id = system.submit(input="Why is it so?", route="reasoning", cache="off")
    with streamed(system.http, job_id) as (_, all_frames):
        got = list(all_frames)
    with_id = [frame for frame in got if frame.id]
    kinds = [frame.type for frame in with_id]
    assert kinds[:4] == ["queued", "cache", "routed", "started"]
    assert kinds[-2:] == ["extracting", "done"]
    assert "answer.delta" in kinds
    ticks = [frame for frame in got if frame.type == "thinking" and frame.id is None]
    assert any(frame.data["phase"] == "waiting" and frame.data["attempt_s"] > 0.5 for frame in ticks)
    thinking = [frame.data["thinking_tokens"] for frame in with_id if frame.type == "thinking"]
    assert thinking == sorted(thinking)
    assert len(set(thinking)) >= 3
    answer = ""
    for frame in with_id:
        if frame.type == "answer.delta":
            answer = answer[: frame.data["offset"]] + frame.data["text"]
    assert json.loads(answer) == {"answer": "because it is"}
    assert got[-1].data["job"] == system.job(job_id)
    assert told(system.http, job_id)[1:] == with_id[1:]  # the first tells a place in line while there is one


def test_a_fallback_is_told_with_its_cause(system: System) -> None:
    """Reasoning is given up, the fallback goes on, and the end is the same stream's."""
    job_id = system.submit(input="Think for ever.", route="reasoning", model="endless", deadline_s=4)
    kinds = {frame.type: frame.data for frame in told(system.http, job_id)}
    assert (kinds["fallback"]["cause"], kinds["fallback"]["from_model"]) == ("deadline", "endless")
    assert kinds["done"]["job"]["lane"] == "fallback"
    assert kinds["done"]["status"] == "succeeded"


def test_another_api_process_goes_on_where_one_was_killed(system: System) -> None:
    """The process that streams dies; another one gives the rest, each event once."""
    port = free_port()
    second = system.processes.start("api-2", "-m", "api", env={"THINKLINE_API__PORT": str(port)})
    import httpx

    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as other:

        def ready() -> bool:
            try:
                return other.get("/healthz").status_code == 200
            except httpx.HTTPError:
                return False

        second.wait_until(ready, "health")
        job_id = system.submit(input="Why is it so, again?", route="reasoning", cache="off")
        with streamed(other, job_id) as (_, all_frames):
            seen = list(takewhile(lambda frame: frame.type != "thinking", all_frames))
            second.send(signal.SIGKILL)
            with pytest.raises(httpx.TransportError):
                list(all_frames)
    seen = [frame for frame in seen if frame.id]
    rest = told(system.http, job_id, after=seen[-1].id)
    assert rest[-1].type == "done"
    assert [frame.id for frame in [*seen, *rest]] == [
        event["id"] for event in system.http.get(f"/v1/jobs/{job_id}/events").json()
    ]


def test_ask_prints_the_answer_and_nothing_else(command: dict[str, Any]) -> None:
    """Standard output is the answer; how it came about is on standard error; exit code 0."""
    done = subprocess.run(
        thinkline("ask", "Why is it?", "--route", "reasoning"), capture_output=True, text=True, timeout=60, check=False,
        **command,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "because it is\n"), done.stderr
    assert "reasoning lane · thinking" in done.stderr
    assert "deep" in done.stderr


def test_ask_and_watch_give_json_and_codes_for_scripts(system: System, command: dict[str, Any], tmp_path: Path) -> None:
    """0 succeeded, 1 failed, 2 refused, 3 cancelled, 4 unreachable; `--json` is the whole job."""
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}')

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(thinkline(*arguments), capture_output=True, text=True, timeout=60, check=False, **command)

    asked = run("ask", "How many?", "--route", "standard", "--model", "counts", "--schema", str(schema), "--json")
    job = json.loads(asked.stdout)
    assert (asked.returncode, job["status"], job["result"]) == (0, "succeeded", {"n": 1})
    watched = run("watch", job["id"], "--json")
    assert (watched.returncode, json.loads(watched.stdout)) == (0, job)
    failed = run("ask", "Anyone?", "--route", "standard", "--model", "hopeless")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "failed:" in failed.stderr
    cancelled = system.submit(input="Never mind.", route="reasoning", model="endless")
    system.http.post(f"/v1/jobs/{cancelled}/cancel")
    assert run("watch", cancelled).returncode == 3
    refused = run("ask", "x", "--model", "none-such", "--route", "standard")
    assert (refused.returncode, "catalogue" in refused.stderr) == (2, True)
    assert run("ask", "x", "--schema", str(tmp_path / "none.json")).returncode == 2
    assert run("ask", "x", "--route", "sideways").returncode == 2
    assert run("watch", "job_x").returncode == 2
    away = run("ask", "x", "--url", f"http://127.0.0.1:{free_port()}")
    assert (away.returncode, "is the system running" in away.stderr) == (4, True)
    assert "Traceback" not in "".join(each.stderr for each in (asked, failed, refused, away))


def test_interrupted_without_a_terminal_the_job_is_left_running(system: System, command: dict[str, Any]) -> None:
    """A real SIGINT: exit code 130, the id is told, and the job goes on."""
    process = subprocess.Popen(
        thinkline("ask", "Ponder on.", "--route", "reasoning", "--model", "endless"), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **command,
    )  # fmt: skip
    seen = read_until(process, "thinking")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, seen + err
    assert out == ""
    job_id = re.search(r"job_[0-9a-f]{32}", err)
    assert job_id is not None
    assert system.job(job_id.group())["status"] == "running"
    system.http.post(f"/v1/jobs/{job_id.group()}/cancel")


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """Read standard error up to a line with a word."""
    assert process.stderr is not None
    seen = ""
    while word not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    return seen


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, command: dict[str, Any], *arguments: str) -> None:
        self.screen = ""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # the child
            os.chdir(command["cwd"])
            os.execve(  # noqa: S606 - a command line of this test
                sys.executable, thinkline(*arguments), {**command["env"], "TERM": "xterm"}
            )

    def until(self, word: str, timeout_s: float = 40) -> None:
        """Read the screen until a word is on it."""
        end = time.monotonic() + timeout_s
        while word not in self.screen:
            assert time.monotonic() < end, self.screen[-2000:]
            self._read()

    def type(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    def code(self, timeout_s: float = 40) -> int:
        """Wait for the end; the exit code."""
        end = time.monotonic() + timeout_s
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._read()
                os.close(self._fd)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, self.screen[-2000:]
            self._read()

    def _read(self) -> None:
        if select.select([self._fd], [], [], 0.1)[0]:
            try:
                self.screen += os.read(self._fd, 65_536).decode(errors="replace")
            except OSError:  # the other side is closed
                time.sleep(0.05)


def test_on_a_terminal_ctrl_c_offers_to_cancel(system: System, command: dict[str, Any]) -> None:
    """The line lives; Ctrl-C asks; `w` watches on, `c` cancels: exit code 3."""
    terminal = Terminal(command, "ask", "Ponder on and on.", "--route", "reasoning", "--model", "endless")
    terminal.until("thinking tokens")
    terminal.type("\x03")
    terminal.until("atch on?")
    terminal.type("w\n")
    terminal.screen = ""
    terminal.until("thinking tokens")
    terminal.type("\x03")
    terminal.until("atch on?")
    terminal.type("c\n")
    assert terminal.code() == 3, terminal.screen
    job_id = re.search(r"job_[0-9a-f]{32}", terminal.screen)
    assert job_id is not None
    assert system.job(job_id.group())["status"] == "cancelled"


def test_on_a_terminal_ctrl_c_may_leave_it_running(system: System, command: dict[str, Any]) -> None:
    """`l`, or Ctrl-C once more: exit code 130 and how to come back."""
    for answer in ("l\n", "\x03"):
        job_id = system.submit(input="Ponder for ever.", route="reasoning", model="endless")
        terminal = Terminal(command, "watch", job_id)
        terminal.until("thinking tokens")
        terminal.type("\x03")
        terminal.until("atch on?")
        terminal.type(answer)
        assert terminal.code() == 130, terminal.screen
        assert f"thinkline watch {job_id}" in terminal.screen.replace("\r\n", "")
        assert system.job(job_id)["status"] == "running"
        system.http.post(f"/v1/jobs/{job_id}/cancel")


def test_expectations_are_published(system: System) -> None:
    """What was learned, and how often it held; the worker's own record of what it promised is behind it."""
    for n in range(6):
        system.ended(system.submit(input=f"Say {n}.", route="standard", cache="off"))
    time.sleep(5.2)  # a worker reads past durations once in five seconds
    system.ended(system.submit(input="Say seven.", route="standard", cache="off"))
    reply = system.http.get("/v1/expectations").json()
    quick = [each for each in reply["data"] if each["model"] == "quick" and each["prompt_size"] == "short"]
    assert any(each["expected"]["known"] for each in quick)
    assert reply["p90_checked"] >= 1
    assert 0 <= reply["p90_held"] <= 1
