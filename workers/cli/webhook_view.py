"""What `thinkline webhook listen` shows of each delivery: when, what, of which job, and whether it is genuine."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

COLOURS = {"job.succeeded": "green", "job.failed": "red", "job.cancelled": "yellow", "job.fallback": "magenta"}
MOST_CHARS = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """One delivery as it came in.

    Args:
        headers: by their names in lower case.
        body: as it came.
        verdict: `verified`, `unchecked` without a secret, or why the signature is refused.
        times: how often this id came by now.
        answered: the status that it is answered with.
    """

    headers: Mapping[str, str]
    body: bytes
    verdict: str
    times: int
    answered: int


def verdict(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> str:
    """Verify a delivery with each secret that is known: `verified`, `unchecked`, or why it is refused."""
    if not secrets:
        return "unchecked"
    why = ""
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:  # ValueError: no text, no base64, no secret
            why = str(error) or type(error).__name__
        else:
            return "verified"
    return why


class WebhookView:
    """The terminal; without one, plain lines."""

    def __init__(self, *, body: bool, as_json: bool) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._body, self._json = body, as_json

    def welcome(self, host: str, port: int, *, verified: bool) -> None:
        """Say where it listens, and which settings let Thinkline send here."""
        if self._json:
            return
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        self._console.print(f"[bold]Listening on {escape(url)}[/]   Ctrl-C ends it.")
        if not verified:
            self._console.print(
                "Signatures are not checked: give the secret with --secret (POST /v1/webhooks shows it)."
            )
        self._console.print(
            "[dim]Webhooks go to public https addresses; to have them here, start Thinkline with[/]\n"
            "[dim]  THINKLINE_WEBHOOKS__ALLOW_HTTP=true THINKLINE_WEBHOOKS__ALLOW_NETWORKS='"
            + escape('["127.0.0.0/8"]')
            + "'[/]\n"
        )

    def show(self, shown: Shown) -> None:
        """Show a delivery."""
        event = _event(shown.body)
        data = event.get("data") if isinstance(event.get("data"), dict) else {}
        if self._json:
            line = {
                "id": shown.headers.get("webhook-id"), "type": event.get("type"), "verdict": shown.verdict,
                "times": shown.times, "answered": shown.answered, "event": event,
            }  # fmt: skip
            print(json.dumps(line), flush=True)  # noqa: T201 - for scripts, not for eyes
            return
        kind = str(event.get("type", "no event"))
        mark = {"verified": "[green]✓ verified[/]", "unchecked": "[dim]- unchecked[/]"}.get(
            shown.verdict, f"[red]✗ {_plain(shown.verdict)}[/]"
        )
        again = f" [yellow]({_ordinal(shown.times)} time)[/]" if shown.times > 1 else ""
        colour = COLOURS.get(kind, "white")
        self._console.print(
            f"{time.strftime('%H:%M:%S')}  [{colour}]{_plain(kind):<14}[/] {mark}  → {shown.answered}{again}"
            f"  [dim]{_plain(shown.headers.get('webhook-id', 'no webhook-id'))}[/]"
        )
        if words := _words(data if isinstance(data, dict) else {}):
            self._console.print(f"          {_plain(words)}")
        if self._body:
            self._console.print(escape(json.dumps(event, indent=2)))

    def goodbye(self, different: int, all_told: int) -> None:
        """Say how many came."""
        if not self._json:
            self._console.print(f"\n{different} deliveries in {all_told} requests.")


def _plain(text: str) -> str:
    """Show what a sender wrote: rich's marks as text, and nothing that would move the terminal's cursor."""
    return escape("".join(char if char.isprintable() else "·" for char in text))


def _event(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(data: dict[str, Any]) -> str:
    parts = [str(data[name]) for name in ("id", "lane", "model") if data.get(name)]
    error, fallback = data.get("error"), data.get("fallback")
    if isinstance(error, dict):
        parts.append(f"{error.get('code')}: {error.get('message')}")
    elif isinstance(fallback, dict) and data.get("status") != "succeeded":
        parts.append(f"{fallback.get('from_model')} was given up ({fallback.get('cause')})")
    elif "result" in data:
        parts.append(json.dumps(data["result"], ensure_ascii=False))
    elif data.get("result_omitted"):
        parts.append(f"its result of {data.get('result_bytes')} bytes is at {data.get('url')}")
    line = " · ".join(parts)
    return line if len(line) <= MOST_CHARS * 2 else f"{line[: MOST_CHARS * 2]}…"


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"
