"""What looks for private text finds it, in each form in which it could lie there."""

from __future__ import annotations

import base64
import json

import pytest

from tests.support.markers import Command, kinds_in
from workers.store.messages import message

MARKERS = {"prompt": "MarkQa1prompt7x", "answer": "MarkAe5answer7x"}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_it_is_found_in_any_form(before: str) -> None:
    """Plain, in other letters, in base64 at each offset and twice, in hex; and not where it is not."""
    text = f'{before} {{"input": "MarkQa1prompt7x"}}'
    once = base64.b64encode(text.encode())
    safe = base64.urlsafe_b64encode(text.encode()).rstrip(b"=")
    for form in (text, text.upper(), once, safe, base64.b64encode(b"xy" + once), text.encode().hex()):
        assert kinds_in(form, MARKERS) == {"prompt"}
    assert kinds_in(base64.b64encode(b"What is the capital of France, and why?"), MARKERS) == set()


def test_it_is_found_in_a_hint() -> None:
    """A broker message whose arguments held a prompt would be found out, although kombu writes them in base64."""
    hint = message("classify", "job_MarkQa1prompt7x", 1)
    body = json.loads(hint)["body"]
    assert "MarkQa1prompt7x" not in body
    assert kinds_in(json.dumps({"body": body}), MARKERS) == {"prompt"}


def test_a_line_of_the_monitor_is_read() -> None:
    """Who gave a command, its name, its first argument, and bytes that were escaped."""
    line = b'1795574713.948 [0 lua] "HSET" "tl:job:job_1" "result" "{\\"answer\\": \\"caf\\xc3\\xa9\\"}"'
    one = Command.of(line)
    assert (one.name, one.key, one.scripted) == ("HSET", "tl:job:job_1", True)
    assert "caf\u00e9".encode() in one.text
    assert not Command.of(b'1795574713.948 [0 127.0.0.1:5] "PING"').scripted
