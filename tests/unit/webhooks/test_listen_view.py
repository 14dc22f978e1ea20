"""What `thinkline webhook listen` says of a delivery."""

from __future__ import annotations

import json
import time

import pytest
from pydantic import SecretStr

from workers.cli.webhook_view import Shown, WebhookView, verdict
from workers.webhooks.signing import signed_headers

SECRET, OTHER = f"whsec_{'A' * 43}=", f"whsec_{'B' * 43}="
BODY = json.dumps({"type": "job.failed", "data": {"id": "job_1", "error": {"code": "x", "message": "y"}}}).encode()


def headers(secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """Sign the body."""
    return signed_headers([SecretStr(secret)], "msg_1", int(at or time.time()), BODY)


@pytest.mark.parametrize(
    ("age_s", "secrets", "said"),
    [
        (0, (SECRET,), "verified"),
        (0, (OTHER, SECRET), "verified"),
        (0, (), "unchecked"),
        (0, (OTHER,), "No matching signature found"),
        (3600, (SECRET,), "Message timestamp too old"),
        (None, (SECRET,), "Missing required headers"),
    ],
)
def test_the_verdict_is_the_independent_packages(age_s: int | None, secrets: tuple[str, ...], said: str) -> None:
    """Right, wrong, old, unsigned, or not checked at all."""
    given = {} if age_s is None else headers(at=time.time() - age_s)
    assert verdict(BODY, given, secrets) == said


@pytest.mark.parametrize(
    "broken", [{"webhook-signature": "v1"}, {"webhook-signature": "v1,%%%"}, {"webhook-timestamp": "x"}]
)
def test_broken_headers_are_a_verdict_and_no_crash(broken: dict[str, str]) -> None:
    """Whoever sends them."""
    assert verdict(BODY, {**headers(), **broken}, (SECRET,)) not in ("verified", "unchecked")


def test_a_line_names_event_job_and_repeat(capsys: pytest.CaptureFixture[str]) -> None:
    """And the status that it is answered with."""
    WebhookView(body=False, as_json=False).show(Shown(headers(), BODY, "verified", 2, 503))
    said = capsys.readouterr().out
    for part in ("job.failed", "✓ verified", "→ 503", "(2nd time)", "msg_1", "job_1", "x: y"):
        assert part in said


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\x00", b"[]", b'{"data": 7}', b'{"type": 1, "data": {"error": "text"}}', b'{"data":{"id":null}}'],
)
def test_whatever_comes_is_shown(body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Not only what we send."""
    for as_json in (False, True):
        WebhookView(body=True, as_json=as_json).show(Shown({}, body, "no", 1, 200))
    assert capsys.readouterr().out


def test_a_sender_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences and rich's marks are shown as text."""
    body = json.dumps({"type": "\x1b[2Jjob", "data": {"id": "[red]x[/]\x1b]0;title\x07"}}).encode()
    WebhookView(body=True, as_json=False).show(Shown({"webhook-id": "\x1b[1A"}, body, "\x1b[2J", 1, 200))
    said = capsys.readouterr().out

    assert "\x1b" not in said
    assert "\x07" not in said
    assert "[red]x[/]" in said
