"""How commands end when something is wrong: one clear sentence on standard error, and no traceback."""

from __future__ import annotations

from typing import NoReturn

import typer

from workers.contracts.errors import SettingsError
from workers.settings import Settings, load_settings


def fail(sentence: str, code: int = 1) -> NoReturn:
    """End the command with a sentence."""
    typer.echo(f"thinkline: {sentence}", err=True)
    raise typer.Exit(code)


def settings_or_exit() -> Settings:
    """Read the settings, or end the command with what is wrong with them."""
    try:
        return load_settings()
    except SettingsError as error:
        fail(str(error), 2)
