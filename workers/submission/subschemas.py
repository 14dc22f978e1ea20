"""Where a schema holds further schemas, and what its references lead to.

Everything that any supported draft knows is followed, also what the schema's own draft ignores: to look at too much is
safe, to look at too little is not. Nothing is recursive, so that a long chain of references costs no stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from workers.contracts.errors import InvalidRequest

ANY = "*"  # a step into a reply: to every element or property
HERE_LISTS = ("allOf", "anyOf", "oneOf")
HERE_NAMED = ("dependentSchemas", "dependencies")
HERE = ("not", "if", "then", "else")
BELOW = (
    "items",
    "contains",
    "additionalItems",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "propertyNames",
)
DEFINED = ("$defs", "definitions")  # checked against only where a reference leads to them
MOST_PATH_CHARS = 200


class Part(NamedTuple):
    """A schema inside a schema.

    `step` leads to the place of the reply that is checked against it: a property's name, an index, ANY, or None for
    the same place; `path` is the dotted path from the schema around it.
    """

    step: str | int | None
    path: str
    schema: Any


def parts(node: dict[str, Any]) -> Iterator[Part]:
    """List the schemas that a reply is checked against because of this one, without its reference."""
    for word in HERE_LISTS:
        yield from (Part(None, f"{word}[{at}]", part) for at, part in enumerate(_list(node.get(word))))
    for word in HERE_NAMED:
        yield from (Part(None, f"{word}.{name}", part) for name, part in _dict(node.get(word)).items())
    yield from (Part(None, word, node[word]) for word in HERE if word in node)
    yield from (Part(name, f"properties.{name}", part) for name, part in _dict(node.get("properties")).items())
    for name, part in _dict(node.get("patternProperties")).items():
        yield Part(ANY, f"patternProperties.{name}", part)
    for word in ("prefixItems", "items"):
        yield from (Part(at, f"{word}[{at}]", part) for at, part in enumerate(_list(node.get(word))))
    yield from (Part(ANY, word, node[word]) for word in BELOW if isinstance(node.get(word), dict | bool))


def reachable(root: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Give every schema object with its dotted path and its level: what is defined and what is referred to.

    Raises:
        InvalidRequest: a reference that does not lead to a schema of this document.
    """
    seen: set[int] = set()
    left: list[tuple[str, Any, int]] = [("schema", root, 1)]
    while left:
        path, node, level = left.pop()
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        yield path, node, level
        left.extend((f"{path}.{part.path}", part.schema, level + 1) for part in parts(node))
        for word in DEFINED:
            left.extend((f"{path}.{word}.{name}", part, level + 1) for name, part in _dict(node.get(word)).items())
        if "$ref" in node:
            left.append((_target_path(node["$ref"]), referred(root, node["$ref"], f"{path}.$ref"), 1))


def referred(root: dict[str, Any], reference: Any, path: str) -> Any:
    """Follow a reference within its document; percent signs and tildes are decoded as the standard has it.

    Raises:
        InvalidRequest: it leads out of the document, to nothing, or to what is no schema; at `path`.
    """
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise refusal("may only refer to this schema itself (`#/...`); nothing is fetched", path)
    node: Any = root
    for piece in unquote(reference[1:]).split("/")[1:]:
        name = piece.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and name.isascii() and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        else:
            raise refusal("refers to something that is not there", path)
    if not isinstance(node, dict | bool):
        raise refusal("refers to something that is no schema", path)
    return node


def refusal(detail: str, path: str) -> InvalidRequest:
    """Make the error for a part of the schema; a long path is cut."""
    return InvalidRequest(detail, field=path if len(path) <= MOST_PATH_CHARS else f"{path[:MOST_PATH_CHARS]}…")


def _target_path(reference: Any) -> str:
    return "schema" + str(reference)[1:].replace("/", ".")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
