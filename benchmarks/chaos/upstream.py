"""The models of a run: they answer, think, stall, cut, refuse and lie as each query says, and count every call.

`python -m benchmarks.chaos.upstream --port N`. `GET /calls` lists the calls: question -> number and time of each.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from typing import Any

import uvicorn

from benchmarks.chaos.jobs import MARK
from workers.simulated.script import Script
from workers.simulated.server import ASGIMessage, Receive, ScriptedUpstream, Send

SCRIPTS: dict[str, Script] = {
    "ok": Script(first_token_s=0.05),
    "brief": Script(first_token_s=0.3),
    "think": Script(first_token_s=0.2, thinking_tokens=16, rate=20),
    "long": Script(first_token_s=0.3, thinking_tokens=30, rate=10),
    "endless": Script(rate=5, endless=True),
    "stall": Script(thinking_tokens=30, rate=40, stall_after=10),
    "cut": Script(thinking_tokens=30, rate=40, cut_after=10),
    "refuse": Script(status=503),
    "lie": Script(thinking_tokens=4, rate=40),
    "garble": Script(thinking_tokens=5, garbage_after=2),
}


class Unruly(ScriptedUpstream):
    """A scripted upstream whose script is in the query."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self._count = 0

    async def __call__(self, scope: ASGIMessage, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != "/calls":
            await super().__call__(scope, receive, send)
            return
        head = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(self.calls).encode()})

    def script_of(self, model: str, body: dict[str, Any]) -> Script:
        """Count the call, and choose what it gets."""
        said = json.dumps(body["messages"]) if "messages" in body else ""
        found = MARK.findall(said)
        if not found:
            return super().script_of(model, body)
        question, plan = found[-1]
        self._count += 1
        self.calls[question].append((self._count, time.time()))
        steps = plan.split(",")
        name = steps[0] if model == "deep" else steps[-1]
        return SCRIPTS[name].model_copy(update={"answer": _answer(name, question, self._count, said)})


def _answer(name: str, question: str, call: int, said: str) -> str:
    if name == "lie":
        return f"I am quite sure that the answer is forty-two, as in [[{question};ok]]."
    if '\\"call\\"' in said:  # the schema is in the instructions
        return json.dumps({"question": question, "call": call})
    return json.dumps({"answer": f"{question} {call}"})


def main() -> None:
    """Read the arguments and serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    uvicorn.run(
        Unruly(), host="127.0.0.1", port=port, loop="uvloop", http="httptools", lifespan="on", access_log=False,
        log_level="critical", backlog=4096, timeout_graceful_shutdown=1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
