"""The command line's reading and replaying: errors name line and field, tiers and refusals are counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer

from workers.cli.pairs import Query, read_pairs, read_queries
from workers.cli.replay import Outcome, plot, replayed


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: not a JSON object"),
        ('{"stored": "a"}', "line 2: field asked is missing"),
        ('{"stored": "a", "asked": 1}', "line 2: field asked is not a string"),
        ('{"stored": " ", "asked": "b"}', "line 2: field stored is empty"),
    ],
)
def test_a_wrong_line_is_named(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line's number and the field stand in the sentence, and the command ends with 2."""
    with pytest.raises(typer.Exit) as ended:
        read_pairs(['{"stored": "a", "asked": "b"}', line])
    assert ended.value.exit_code == 2
    assert said in capsys.readouterr().err


def test_a_cost_that_is_no_number_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """NaN and strings are refused: savings are computed from them."""
    for cost in ('"1"', "NaN", "-1", "true"):
        with pytest.raises(typer.Exit):
            read_queries([f'{{"input": "a", "cost_usd": {cost}}}'])
        assert "line 1: field cost_usd" in capsys.readouterr().err


def _outcome(texts: list[tuple[str, str]]) -> Outcome:
    places = {text: at for at, text in enumerate(dict.fromkeys(text for text, _ in texts))}
    vectors = np.tile(np.array([[1, 0]], np.float32), (len(places), 1))  # everything is as similar as can be
    outcome = Outcome()
    for _ in replayed([Query(text, scope, 0.5) for text, scope in texts], places, vectors, outcome):
        pass
    return outcome


def test_a_stream_is_counted_by_tier() -> None:
    """One repeat, one rephrasing, one hostile edit: the first two are saved and the guard is named."""
    stream = [
        "how do i cancel my order",
        "how do i cancel my order ",
        "how can I cancel my order?",
        "how do i not cancel my order",
    ]
    outcome = _outcome([(text, "") for text in stream])
    assert dict(outcome.tiers) == {"miss": 2, "exact": 1, "semantic": 1}
    assert dict(outcome.refused) == {"negation": 1}
    assert outcome.spent_usd == pytest.approx(1.0)
    assert sum(outcome.saved_usd.values()) == pytest.approx(1.0)


def test_scopes_share_nothing() -> None:
    """The same query of another tenant is a miss."""
    assert dict(_outcome([("hello world", "a"), ("hello world", "b")]).tiers) == {"miss": 2}


def test_the_plot_is_a_png(tmp_path: Path) -> None:
    """The file is an image, and the figures are JSON."""
    pytest.importorskip("matplotlib")
    outcome = _outcome([("hello world", "a"), ("hello world", "a"), ("hello not world", "a")])
    assert plot(outcome, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(json.dumps(outcome.figures()))["tiers"]["exact"]["queries"] == 1
