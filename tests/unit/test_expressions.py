"""The search for metrics in expressions finds all of them, so that what it checks cannot pass for being missed."""

from __future__ import annotations

import re

import pytest

from tests.support.monitoring import PROMETHEUS_OWN, alerts, expressions, named_in, panels
from tests.support.processes import ROOT

GUIDE = (ROOT / "docs" / "operations.md").read_text()
UNITS = {"short", "s", "bytes", "percentunit", "currencyUSD", "reqps", "cps"}


def test_functions_labels_and_words_are_no_metrics() -> None:
    """Whatever stands around a metric."""
    assert named_in('sum by (le, lane) (rate(a_b_total{c="d", e!~"f|g"}[5m])) / (a_c > 0) and up or a_b_total{h="x_y"}') == {
        "a_b_total": {"c", "e", "h"}, "a_c": set(), "up": set(),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "expression"), list(expressions()))
def test_every_expression_names_a_metric_of_ours(name: str, expression: str) -> None:
    """And whether each of them is told by /metrics, tests/acceptance/test_monitoring.py sees."""
    found = named_in(expression)
    assert found, name
    assert all(metric.startswith("thinkline_") or metric in PROMETHEUS_OWN for metric in found)


@pytest.mark.parametrize("name", alerts())
def test_every_alert_has_its_section_in_the_guide(name: str) -> None:
    """With what it means, how to see it and what to do; its own link leads there."""
    rule = alerts()[name]
    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert section is not None
    for part in ("**Means.**", "**See.**", "**Do.**"):
        assert part in section.group(1), part
    assert rule["annotations"]["runbook"] == f"docs/operations.md#{name.lower()}"
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in ("warning", "critical")


def test_the_guide_has_no_section_of_an_alert_that_is_gone() -> None:
    """Nobody should look for it."""
    assert set(re.findall(r"^### (Thinkline\w+)$", GUIDE, re.MULTILINE)) == set(alerts())


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_every_panel_says_what_it_shows(panel: dict) -> None:
    """A title, words, a unit, and a data source that the user picks; none lies over another."""
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    place = panel["gridPos"]
    for other in panels():
        there = other["gridPos"]
        apart = (
            place["x"] + place["w"] <= there["x"] or there["x"] + there["w"] <= place["x"]
            or place["y"] + place["h"] <= there["y"] or there["y"] + there["h"] <= place["y"]
        )  # fmt: skip
        assert other is panel or other["id"] == panel["id"] or apart, other["title"]
    assert place["x"] + place["w"] <= 24


@pytest.mark.parametrize("command", sorted(set(re.findall(r"(?<!-n )thinkline ([a-z]+(?:-[a-z]+)*)", GUIDE))))
def test_the_commands_of_the_guide_exist(command: str) -> None:
    """Whoever is woken at night types what stands there."""
    from workers.cli import app

    known = {one.name or one.callback.__name__.replace("_", "-") for one in app.registered_commands if one.callback}
    known |= {group.name or group.typer_instance.info.name for group in app.registered_groups if group.typer_instance}
    assert command in known, sorted(map(str, known))


def test_the_settings_of_the_guide_exist() -> None:
    """By the names that the configuration's own page has."""
    known = (ROOT / "docs" / "configuration.md").read_text()
    sections = "api|lanes|reliability|cache|router|webhooks|classify"
    named = set(re.findall(rf"`((?:{sections})\.[A-Za-z_.]+)(?: = [^`]*)?`", GUIDE))
    assert len(named) > 8
    for name in named:
        assert f"`{name.replace('LANE', 'reasoning')}`" in known or name == "lanes.reasoning", name
