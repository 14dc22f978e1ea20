"""The environment as the settings see it: .env, variables that mean nothing, and errors in words.

Whoever sets something wrong reads its name, its value unless it is secret, and what is allowed.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from workers.contracts.errors import SettingsError

ENV_PREFIX = "THINKLINE_"
CONFIG = f"{ENV_PREFIX}CONFIG"
CLIENT_URL = f"{ENV_PREFIX}CLIENT_URL"  # the API that `thinkline` commands talk to; no setting of the system
CLIENT_KEY = f"{ENV_PREFIX}CLIENT_KEY"  # the API key that they send; neither
REDIS_URL_NAMES = (f"{ENV_PREFIX}REDIS_URL", "REDIS_URL")
BROKER_URL_NAMES = (f"{ENV_PREFIX}BROKER_URL", "BROKER_URL")
ALIASES = {"redis_url": REDIS_URL_NAMES, "broker_url": BROKER_URL_NAMES}
SECRET_NAMES = frozenset({"api_key", "redis_url", "broker_url", "broker_api", "headers", "sha256", "signing_key"})


def take_over_env_file() -> None:
    """Put what .env says into the environment, where the keys of upstreams are looked for and child processes see it.

    The file lies beside the one that THINKLINE_CONFIG names, else in the working directory. What is set already wins,
    and an empty value is none.
    """
    given = set(os.environ)
    for name, value in dotenv_values(Path(os.environ.get(CONFIG, "")).parent / ".env").items():
        names = next((names for names in ALIASES.values() if name in names), (name,))
        if value and given.isdisjoint(names):
            os.environ[name] = value


def explain(part: Any) -> str:
    """Say one validation error as a sentence for the person who set it."""
    pieces = [next((name for name, names in ALIASES.items() if piece in names), str(piece)) for piece in part["loc"]]
    path = ".".join(pieces)
    message = part["msg"].removeprefix("Value error, ")
    if not path:
        return str(message)
    if part["type"] == "extra_forbidden":  # without its value, which may be a secret under a name that we do not know
        return f"{path}: there is no such setting"
    secret = not SECRET_NAMES.isdisjoint(piece.lower() for piece in pieces)
    value = "" if secret or isinstance(part["input"], dict | list) else f" is {part['input']!r}"
    variable = "" if "api_keys" in pieces else f" ({ENV_PREFIX}{'__'.join(pieces).upper()})"
    return f"{path}{variable}{value}: {message}"


def refuse_unknown_variables(fields: Iterable[str]) -> None:
    """Refuse misspelt variables: one would otherwise be ignored, and its author would believe it to be set.

    Args:
        fields: names of the settings at the top.

    Raises:
        SettingsError: names the variable, and the one that was probably meant.
    """
    ours = (CONFIG, CLIENT_URL, CLIENT_KEY)
    known = {*(name.upper() for name in fields), *(name.removeprefix(ENV_PREFIX) for name in ours)}
    for variable in os.environ:
        name = variable.removeprefix(ENV_PREFIX).split("__")[0]
        if variable.startswith(ENV_PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {ENV_PREFIX}{close[0]}?" if close else ""
            raise SettingsError(f"{variable} is not a setting of Thinkline{hint}")
