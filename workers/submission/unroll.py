"""Unrolls a schema's references to find out what checking against it costs.

Two things would let a small schema and a small reply occupy a worker for ever: references that come back to the same
place of the reply without going a level down, and recursion that visits the same place of the reply more than once, so
that its cost doubles with each level. Both are refused; trees, lists and nullable recursion are fine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workers.contracts.errors import InvalidRequest

MOST_NODES = 20_000
HERE_LISTS = ("allOf", "anyOf", "oneOf")
HERE = ("not", "if", "then", "else")
BELOW = ("items", "contains", "additionalItems", "unevaluatedItems", "unevaluatedProperties", "propertyNames")
REST = "additionalProperties"
ANY, OTHERS = "*", "+"  # steps into a reply: to anywhere, and to the properties that are not named

Place = tuple[str, ...]


def unroll(schema: dict[str, Any]) -> None:
    """Refuse a schema whose references multiply or turn in a circle.

    Raises:
        InvalidRequest: with the field `schema`.
    """
    _Unrolling(schema).visit(schema, (), {"#": 0})


class _Unrolling:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._left = MOST_NODES
        self._returns: dict[tuple[str, int], list[Place]] = {}

    def visit(self, node: Any, place: Place, above: dict[str, int]) -> None:
        """Visit a subschema that is checked at a place of the reply; `above` are the references that led here."""
        self._left -= 1
        if self._left < 0:
            raise InvalidRequest("refers to itself so often that it cannot be checked", field="schema")
        if not isinstance(node, dict):
            return
        if "$ref" in node:
            self._follow(str(node["$ref"]), place, above)
        for step, part in _parts(node):
            self.visit(part, place if step is None else (*place, step), above)

    def _follow(self, reference: str, place: Place, above: dict[str, int]) -> None:
        if reference in above:
            if above[reference] == len(place):
                raise InvalidRequest(f"turns in a circle at {reference[:80]}", field="schema")
            self._return_to(reference, above[reference], place)
            return
        self.visit(self._resolve(reference), place, {**above, reference: len(place)})

    def _return_to(self, reference: str, level: int, place: Place) -> None:
        """Note a recursion; a second one that may meet the same place of the reply doubles the cost a level."""
        known = self._returns.setdefault((reference, level), [])
        if any(_may_meet(place, other) for other in known):
            raise InvalidRequest(f"recurses more than once at the same place ({reference[:80]})", field="schema")
        known.append(place)

    def _resolve(self, reference: str) -> Any:
        node: Any = self._root
        for piece in reference.removeprefix("#").split("/")[1:]:
            name = piece.replace("~1", "/").replace("~0", "~").replace("%25", "%").replace("%24", "$")
            if isinstance(node, dict) and name in node:
                node = node[name]
            elif isinstance(node, list) and name.isdigit() and int(name) < len(node):
                node = node[int(name)]
            else:
                raise InvalidRequest(f"refers to {reference[:80]}, which is not there", field="schema")
        return node


def _parts(node: dict[str, Any]) -> Iterator[tuple[str | None, Any]]:
    """Every subschema with the step into the reply that leads to it; None for the same place."""
    for word in HERE_LISTS:
        yield from ((None, part) for part in _list(node.get(word)))
    yield from ((None, node[word]) for word in HERE if word in node)
    yield from ((None, part) for part in _dict(node.get("dependentSchemas")).values())
    yield from _dict(node.get("properties")).items()
    yield from ((ANY, part) for part in _dict(node.get("patternProperties")).values())
    if REST in node:
        yield OTHERS, node[REST]
    yield from ((str(at), part) for at, part in enumerate(_list(node.get("prefixItems"))))
    for word in BELOW:
        yield from ((ANY, part) for part in (_list(node.get(word)) or [node.get(word)]))


def _may_meet(one: Place, other: Place) -> bool:
    """Whether two places may be the same of one reply."""
    if len(one) != len(other):
        return False
    return all(a == b or ANY in (a, b) for a, b in zip(one, other, strict=True))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
