"""docker-compose.yml as a test sees it: variables filled in, each service with its command, health check and environment.

Only what our file uses of the format is understood; anything else fails loudly instead of being passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.processes import ROOT

COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z_]+)(?::(?P<how>[-?])(?P<word>[^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `check` is its health check as an argument vector, `raw` everything as it stands in the file."""

    name: str
    command: tuple[str, ...]
    check: tuple[str, ...]
    env: Mapping[str, str]
    stop_grace_s: float
    profiles: tuple[str, ...]
    raw: Mapping[str, Any]

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that it serves; none when it is no worker."""
        if self.command[:2] != ("thinkline", "worker"):
            return ()
        return tuple(self.command[self.command.index("--queues") + 1].split(","))


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Fill in `${NAME}`, `${NAME:-default}` and `${NAME:?why}`, and make `$$` a `$`.

    Raises:
        KeyError: a variable without a default is not given; names it.
    """

    def value(found: re.Match[str]) -> str:
        if found.group() == "$$":
            return "$"
        given = variables.get(found["name"], "")
        if given or found["how"] == "-":
            return given or found["word"]
        raise KeyError(found["name"])

    return VARIABLE.sub(value, text)


def variables_of(text: str) -> set[str]:
    """Name the variables that a file asks for, in its text or as secrets."""
    secrets = yaml.safe_load(text).get("secrets", {})
    return {found["name"] for found in VARIABLE.finditer(text) if found["name"]} | {
        secret["environment"] for secret in secrets.values()
    }


def load(variables: Mapping[str, str], path: Path = COMPOSE) -> dict[str, Any]:
    """Read the file with its variables filled in after it was parsed, as Docker does."""
    return dict(_fill(yaml.safe_load(path.read_text()), variables))


def services(document: Mapping[str, Any]) -> dict[str, Service]:
    """Describe each service."""
    return {name: _service(name, raw) for name, raw in document["services"].items()}


def seconds(text: str) -> float:
    """Read a duration such as `20s` or `1m30s`."""
    parts = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", text)
    if not text or parts is None:
        raise ValueError(f"{text!r} is no duration")
    return int(parts[1] or 0) * 60 + int(parts[2] or 0)


def _service(name: str, raw: Mapping[str, Any]) -> Service:
    return Service(
        name=name,
        command=tuple(raw["command"]),
        check=_check(raw["healthcheck"]["test"]),
        env={key: str(value) for key, value in raw["environment"].items()} if "environment" in raw else {},
        stop_grace_s=seconds(raw["stop_grace_period"]),
        profiles=tuple(raw.get("profiles", ())),
        raw=raw,
    )


def _check(test: list[str]) -> tuple[str, ...]:
    kind, *rest = test
    if kind == "CMD":
        return tuple(rest)
    if kind == "CMD-SHELL":
        return ("sh", "-c", *rest)
    raise ValueError(f"a health check that begins with {kind!r}")


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolate(value, variables)
    if isinstance(value, list):
        return [_fill(part, variables) for part in value]
    if isinstance(value, dict):
        return {name: _fill(part, variables) for name, part in value.items()}
    return value
