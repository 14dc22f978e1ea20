"""Looks for private text wherever it could leak: in every key of a Redis, in what goes through it, and in any encoding."""

from __future__ import annotations

import base64
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from redis import Redis

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
DEPTH = 3  # a hint is base64 within JSON, and could be quoted within JSON again


def readable(data: bytes, depth: int = DEPTH) -> bytes:
    """Put what is base64 inside some bytes beside them, decoded, also where it begins in the middle of a word.

    >>> b"a secret of ours" in readable(b'{"body": "YSBzZWNyZXQgb2Ygb3Vycw=="}')
    True
    """
    if not depth:
        return data
    found = [data]
    for word in BASE64.findall(data):
        plain = word.replace(b"-", b"+").replace(b"_", b"/")
        for shift in range(4):
            part = plain[shift:]
            decoded = base64.b64decode(part[: len(part) // 4 * 4] + _rest(part))
            if decoded.isascii():
                found.append(readable(decoded, depth - 1))
    return b"\n".join(found)


def _rest(part: bytes) -> bytes:
    """Pad the last quantum; one of a single character says nothing."""
    left = part[len(part) // 4 * 4 :]
    return left + b"=" * (4 - len(left)) if len(left) > 1 else b""


def kinds_in(data: bytes | str, markers: Mapping[str, str]) -> set[str]:
    """Tell which kinds of private text are in some bytes.

    Args:
        data: what to look through.
        markers: kind -> its text.
    """
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    seen = readable(raw).lower()
    hexed = raw.lower()
    return {
        kind for kind, text in markers.items() if text.lower().encode() in seen or text.encode().hex().encode() in hexed
    }


def dump(client: Redis) -> Iterator[tuple[str, bytes]]:
    """Read every key of a server of one's own: its name, and all that is in it."""
    redis: Any = client  # the library's types allow text; this client reads bytes
    for raw in redis.scan_iter(count=1000):
        kind = redis.type(raw).decode()
        match kind:
            case "string":
                parts: Any = [redis.get(raw)]
            case "list":
                parts = redis.lrange(raw, 0, -1)
            case "set":
                parts = redis.smembers(raw)
            case "zset":
                parts = redis.zrange(raw, 0, -1)
            case "hash":
                parts = [piece for pair in redis.hgetall(raw).items() for piece in pair]
            case "stream":
                parts = [piece for _, row in redis.xrange(raw) for pair in row.items() for piece in pair]
            case "none":  # it ended meanwhile
                continue
            case _:
                raise AssertionError(f"{raw!r} is a {kind}: teach this function to read it")
        yield raw.decode(), raw + b"\n" + b"\n".join(part for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class Command:
    """One command as a server was given it: by a client, or by a script that it runs itself."""

    name: str
    key: str  # its first argument
    scripted: bool
    text: bytes

    @classmethod
    def of(cls, line: bytes) -> Command:
        """Read a line of MONITOR, which puts each argument into quotes and escapes what is in it."""
        head, _, rest = line.partition(b"] ")
        text = rest.decode("latin-1").encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
        words = text.split(b'"', 4)
        name, key = words[1].decode("latin-1").upper(), words[3].decode("latin-1") if len(words) > 3 else ""
        return cls(name, key, head.endswith(b" lua"), text)


@contextmanager
def watching(url: str) -> Iterator[list[Command]]:
    """Write down every command that a server is given, those of its scripts included."""
    commands: list[Command] = []
    address = urlsplit(url)
    with socket.create_connection((str(address.hostname), address.port or 6379), timeout=30) as connection:
        connection.sendall(b"MONITOR\r\n")
        lines = connection.makefile("rb")
        if lines.readline() != b"+OK\r\n":
            raise AssertionError("the server does not tell what it is given")

        def listen() -> None:
            try:
                commands.extend(Command.of(line.rstrip()) for line in lines)
            except (OSError, ValueError):  # closed below
                return

        connection.settimeout(None)
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield commands
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            thread.join(10)
