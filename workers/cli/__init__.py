"""`thinkline …`: runs workers and the local system, and talks to the API over HTTP."""

from __future__ import annotations

import typer

from workers.cli.up import up
from workers.cli.worker import worker

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command()(up)
app.command()(worker)


@app.callback()
def thinkline() -> None:
    """An asynchronous job queue for reasoning models."""


def main() -> None:
    """Run the command line."""
    app()
