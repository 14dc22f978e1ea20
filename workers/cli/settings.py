"""`thinkline settings`: every setting with its default, as the table of docs/configuration.md or as .env.example.

Both files are made here from the settings' own descriptions, so that they cannot tell anything else than the code does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from pydantic import BaseModel, SecretStr

from workers.settings import Settings
from workers.settings.environment import ENV_PREFIX

NAME = "NAME"
KEY_OF_THE_FILE = "models.NAME.name"
MARKDOWN_HEAD = """# Configuration

Settings come from environment variables, from a file `.env`, and from `thinkline.toml` (or the file that
`THINKLINE_CONFIG` names); the first of them that has a setting wins. Secrets and addresses belong in the environment,
models and limits in the file. Durations end in `_s` and are seconds, sizes end in `_bytes`, prices are US dollars a
million tokens. `NAME` stands for a name of your choice. `api_keys` is a list of tables (`[[api_keys]]`), in the
environment a JSON list. A wrong setting stops the start and is named.

This page is written by `make env-example` from `workers/settings/`.

| in thinkline.toml | environment variable | default | allowed | what it is |
|---|---|---|---|---|
"""
ENV_HEAD = """\
# Settings of Thinkline as environment variables. Copy this file to .env and uncomment what you change; the
# values are the defaults. Upstreams and models beyond the shortcuts below are easier to write in thinkline.toml:
# see docs/configuration.md, which like this file is written by `make env-example`.
"""


class Form(StrEnum):
    """How to write the settings."""

    env = "env"
    markdown = "markdown"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as its user knows it; NAME in its path stands for a name of the user's choice."""

    path: str
    default: str
    allowed: str
    description: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENV_PREFIX + self.path.partition("[]")[0].replace(".", "__").upper()


def settings(
    form: Annotated[Form, typer.Option("--as", help="a table for people, or a file of variables")] = Form.markdown,
    output: Annotated[Path | None, typer.Option(help="write there instead of to the terminal")] = None,
) -> None:
    """List every setting with its default and what is allowed."""
    text = env_example() if form is Form.env else markdown()
    if output:
        output.write_text(text)
    else:
        typer.echo(text, nl=False)


def markdown() -> str:
    """Write docs/configuration.md."""
    rows = [
        f"| `{found.path}` | `{found.variable}` | {_code(found.default)} | {found.allowed} | {found.description} |\n"
        for found in all_settings()
    ]
    return MARKDOWN_HEAD + "".join(rows)


def env_example() -> str:
    """Write .env.example: everything is commented out, so that copying it changes nothing."""
    parts, section = [ENV_HEAD], ""
    for found in all_settings():
        if f".{NAME}." in found.path or "[]" in found.path:
            continue
        head = found.path.rpartition(".")[0]
        if head != section:
            parts.append(f"\n# --- {head} ---\n")
            section = head
        allowed = f" ({found.allowed})" if found.allowed else ""
        parts.append(f"\n# {found.description}{allowed}\n# {found.variable}={found.default}\n")
    return "".join(parts)


def all_settings() -> list[Setting]:
    """List every setting in the order of their definition."""
    return [found for found in _walk(Settings, "", None) if found.path != KEY_OF_THE_FILE]


def _walk(section: type[BaseModel], prefix: str, default: object) -> Iterator[Setting]:
    described = section.model_json_schema()["properties"]
    for name, field in section.model_fields.items():
        value = getattr(default, name) if default is not None else None
        if value is None and not field.is_required():
            value = field.get_default(call_default_factory=True)
        inner, many = _section_of(field.annotation)
        if inner is None:
            alias = field.validation_alias if isinstance(field.validation_alias, str) else name
            shape = described.get(name) or described.get(alias) or {}
            yield Setting(f"{prefix}{name}", _written(value), _allowed(shape), field.description or "")
        else:
            yield from _walk(inner, f"{prefix}{name}{many}.", None if many else value)


def _section_of(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """Find the section that a field holds, and how a path goes on when it holds several."""
    last = get_args(annotation)[-1] if get_args(annotation) else annotation
    if isinstance(last, type) and issubclass(last, BaseModel):
        return last, {dict: f".{NAME}", list: "[]"}.get(get_origin(annotation) or last, "")
    return None, ""


def _written(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | Path) else json.dumps(value)


def _allowed(shape: dict[str, Any]) -> str:
    """Say in words what a JSON Schema allows."""
    kinds = [kind for kind in shape.get("anyOf", [shape]) if kind.get("type") != "null"]
    kind = kinds[0]
    if "enum" in kind:
        return ", ".join(str(choice) for choice in kind["enum"])
    if kind.get("type") == "boolean":
        return "true, false"
    whole = "whole number" if kind.get("type") == "integer" else "number"
    low, high = kind.get("minimum", kind.get("exclusiveMinimum")), kind.get("maximum")
    above = "above" if "exclusiveMinimum" in kind else "from"
    if low is not None:
        return f"{whole} {above} {low:g}" + (f" to {high:.10g}" if high is not None else "")
    if str(kind.get("pattern", "")).startswith("^https?"):
        return "http:// or https:// address"
    return ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
