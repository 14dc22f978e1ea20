"""`thinkline …`: runs workers and the local system, and talks to the API over HTTP."""

from __future__ import annotations

import typer

from workers.cli.ask import ask, watch
from workers.cli.cache import cache
from workers.cli.demo import demo
from workers.cli.key import key
from workers.cli.reports import failures, usage
from workers.cli.route import route
from workers.cli.router import router
from workers.cli.router_live import export_labels, status
from workers.cli.settings import settings
from workers.cli.up import up
from workers.cli.webhook import webhook
from workers.cli.worker import worker
from workers.cli.worker_check import worker_check

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for command in (up, demo, ask, watch, worker, worker_check, route, failures, usage, settings):
    app.command()(command)
router.command()(status)
router.command("export-labels")(export_labels)
app.add_typer(key, name="key")
app.add_typer(cache, name="cache")
app.add_typer(router, name="router")
app.add_typer(webhook, name="webhook")


@app.callback()
def thinkline() -> None:
    """An asynchronous job queue for reasoning models."""


def main() -> None:
    """Run the command line."""
    app()
