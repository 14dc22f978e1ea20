"""`thinkline key new`: makes an API key; the system only ever sees its hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Annotated

import typer

key = typer.Typer(no_args_is_help=True, help="API keys")
KINDS = ("jobs:read", "jobs:write", "operations:read", "webhooks:read", "webhooks:write")


@key.callback()
def keys() -> None:
    """API keys."""


@key.command()
def new(
    tenant: Annotated[str, typer.Option(help="whose jobs it sees")],
    name: Annotated[str, typer.Option(help="to tell keys apart in logs")] = "",
    scopes: Annotated[str, typer.Option(help="what it may do, joined by commas")] = "jobs:read,jobs:write",
) -> None:
    """Make a key: it is shown once, and its table belongs in thinkline.toml."""
    wanted = [scope.strip() for scope in scopes.split(",")]
    if not set(wanted) <= set(KINDS):
        raise typer.BadParameter(f"allowed are {', '.join(KINDS)}", param_hint="--scopes")
    secret = f"tl_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    typer.echo(f"The key, shown this once: {secret}\n\nIn thinkline.toml:\n")
    typer.echo(
        f'[[api_keys]]\nsha256 = "{digest}"\ntenant = {json.dumps(tenant)}\nname = {json.dumps(name)}\n'
        f"scopes = {json.dumps(wanted)}"
    )
