"""Finds schemas that can never do their work: those that turn in a circle, and those that nothing fits.

Only what is plain is found: a schema that forbids everything by a clever contradiction is accepted, and every reply
will fail to fit it.
"""

from __future__ import annotations

from typing import Any

from workers.submission.subschemas import parts, referred, refusal

MOST_HOPS = 30  # so far contradictions are followed


def check_circles(root: dict[str, Any], schemas: list[tuple[str, dict[str, Any]]]) -> None:
    """Refuse references that come back to the same place of a reply without going a level down into it.

    Args:
        root: the whole schema.
        schemas: every schema object in it with its path.

    Raises:
        InvalidRequest: at the schema where the circle closes.
    """
    done: set[int] = set()
    for path, start in schemas:
        open_: set[int] = set()
        stack: list[tuple[dict[str, Any], bool]] = [(start, False)]
        while stack:  # depth first; a schema stays open while what it refers to is looked at
            node, leaving = stack.pop()
            if leaving:
                open_.discard(id(node))
                done.add(id(node))
            elif id(node) in open_:
                raise refusal("refers to itself in a circle", path)
            elif id(node) not in done:
                open_.add(id(node))
                stack.append((node, True))
                stack.extend((other, False) for other in _same_place(root, node))


def _same_place(root: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that the same place of a reply is checked against because of this one."""
    here = [part.schema for part in parts(node) if part.step is None]
    if "$ref" in node:
        here.append(referred(root, node["$ref"], "schema.$ref"))
    return [schema for schema in here if isinstance(schema, dict)]


def impossible(root: dict[str, Any]) -> bool:
    """Whether plainly nothing fits a schema."""
    return _Contradictions(root).never(root, MOST_HOPS)


class _Contradictions:
    """Looks at each schema object once, however many references lead to it."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._known: dict[int, bool] = {}

    def never(self, schema: Any, hops: int) -> bool:
        if not isinstance(schema, dict) or hops <= 0:
            return schema is False
        if id(schema) not in self._known:
            self._known[id(schema)] = False  # while it is looked at
            self._known[id(schema)] = self._forbids_all(schema, hops - 1)
        return self._known[id(schema)]

    def _forbids_all(self, schema: dict[str, Any], hops: int) -> bool:
        every = list(schema.get("allOf") or ())
        if "$ref" in schema:
            every.append(referred(self._root, schema["$ref"], "schema.$ref"))
        if schema.get("type") == "object":
            named = schema.get("properties") or {}
            every += [named.get(name, True) for name in schema.get("required") or () if isinstance(name, str)]
        return (
            schema.get("enum") == []
            or schema.get("not", False) in ({}, True)
            or any(self.never(part, hops) for part in every)
            or any(schema.get(word) and self._none_of(schema[word], hops) for word in ("anyOf", "oneOf"))
        )

    def _none_of(self, choices: list[Any], hops: int) -> bool:
        return all(self.never(part, hops) for part in choices)
