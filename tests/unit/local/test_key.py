"""`thinkline key new`: the table that it prints is a valid setting, and only the caller knows the key."""

from __future__ import annotations

import hashlib
import re
import tomllib

from typer.testing import CliRunner

from workers.cli import app
from workers.settings import load_settings


def test_the_table_fits_the_settings_and_the_key_fits_the_hash() -> None:
    """It can be pasted as it is."""
    said = CliRunner().invoke(app, ["key", "new", "--tenant", "acme", "--name", 'the "first"']).output
    key = re.search(r"this once: (\S+)", said)[1]
    table = tomllib.loads(said[said.index("[[api_keys]]") :])
    settings = load_settings(**table)

    assert settings.api_keys[0].tenant == "acme"
    assert settings.api_keys[0].sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert settings.api_keys[0].scopes == ["jobs:read", "jobs:write"]
