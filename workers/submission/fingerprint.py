"""Names by which a request is recognised: its id, its body under an idempotency key, its normalised query."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
import unicodedata

from workers.contracts.request import JobRequest

_BLANKS = re.compile(r"[ \t\u00a0]+")
_QUOTES = frozenset("\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb")
JOB_ID = re.compile(r"job_[0-9a-f]{32}\Z")


def new_job_id() -> str:
    """Make an id: 48 bits of time, so that ids sort by age, and 80 random bits."""
    return f"job_{int(time.time() * 1000):012x}{secrets.token_hex(10)}"


def id_at(ms: int) -> str:
    """Make the smallest id of a moment, to compare others with."""
    return f"job_{max(0, ms):012x}"


def body_hash(request: JobRequest) -> str:
    """Hash a request: equal bodies have equal hashes, in whatever order their fields came."""
    return digest(request.model_dump(mode="json", by_alias=True))


def key_hash(idempotency_key: str) -> str:
    """Hash an idempotency key: it may hold whatever a caller likes, and is not ours to keep."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()


def normalise(text: str) -> str:
    """Fold what cannot change the meaning of a query: Unicode composition, line ends, blanks around and at line ends.

    Runs of blanks are folded only in a text of one line without quotes: in several lines they may be the indentation of
    code, and in quotes what the question is about. Case is kept: `us` and `US` differ.
    """
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).strip().splitlines()]
    text = "\n".join(lines)
    return _BLANKS.sub(" ", text) if len(lines) == 1 and _QUOTES.isdisjoint(text) else text


def digest(value: object) -> str:
    """Hash a JSON value in hex, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
