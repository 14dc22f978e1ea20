"""The written settings say what the code does: .env.example and docs/configuration.md are made from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workers.cli.settings import all_settings, env_example, markdown
from workers.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]


def test_both_files_are_what_the_settings_say() -> None:
    """`make env-example` was run after the last change."""
    assert (ROOT / ".env.example").read_text() == env_example()
    assert (ROOT / "docs" / "configuration.md").read_text() == markdown()


def test_every_setting_at_the_top_is_listed() -> None:
    """None is forgotten, and every one says what it is."""
    listed = {re.split(r"[.\[]", found.path)[0] for found in all_settings()}
    assert listed == set(Settings.model_fields)
    assert [found.path for found in all_settings() if not found.description] == []


def test_its_values_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever uncomments all that has a value changes nothing."""
    for line in env_example().splitlines():
        if found := re.fullmatch(r"# (THINKLINE_[A-Z_]+)=(.+)", line):
            monkeypatch.setenv(found[1], found[2])
    given = load_settings()
    for name in list(__import__("os").environ):
        if name.startswith("THINKLINE_") and name != "THINKLINE_CONFIG":
            monkeypatch.delenv(name)
    assert given.model_dump() == load_settings().model_dump()
