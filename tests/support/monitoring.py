"""The files of deploy/ that name metrics: their expressions, and which metrics of ours each of them names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.support.processes import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "thinkline.json"
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\}|(\())?")  # a name, with labels or with arguments
WORDS = frozenset({"or", "and", "unless"})
PROMETHEUS_OWN = frozenset({"up"})


def alerts() -> dict[str, dict[str, Any]]:
    """The alerts by name."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard, without the rows between them."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression with the name of the alert or panel that has it."""
    for name, rule in alerts().items():
        yield name, rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def named_in(expression: str) -> dict[str, set[str]]:
    """The metrics that an expression names, each with the labels that it asks of it.

    >>> named_in('sum by (le, lane) (rate(a_b_total{c="d"}[5m])) / a_c')
    {'a_b_total': {'c'}, 'a_c': set()}
    """
    bare = re.sub(r"\b(?:by|without)\s*\([^)]*\)|\[[^\]]*\]", "", expression)
    found: dict[str, set[str]] = {}
    for name, labels, arguments in SELECTOR.findall(bare):
        if not arguments and name not in WORDS:
            found.setdefault(name, set()).update(re.findall(r"([a-z_]+)\s*[!=]~?", labels))
    return found
