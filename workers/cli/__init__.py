"""`thinkline …`: runs workers and the local system, and talks to the API over HTTP."""

from __future__ import annotations

import typer

from workers.cli.cache import cache
from workers.cli.demo import demo
from workers.cli.key import key
from workers.cli.settings import settings
from workers.cli.up import up
from workers.cli.worker import worker

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for command in (up, demo, worker, settings):
    app.command()(command)
app.add_typer(key, name="key")
app.add_typer(cache, name="cache")


@app.callback()
def thinkline() -> None:
    """An asynchronous job queue for reasoning models."""


def main() -> None:
    """Run the command line."""
    app()
