"""The bounds that the benchmark prints beside the router."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np

from benchmarks.routing.bounds import others_failed, simple, surface
from workers.routing.examples import Example
from workers.routing.features import COUNT
from workers.routing.training import Rows


def test_the_surface_is_counted() -> None:
    """Words, questions, digits, symbols, lines, formulas, code, numbers."""
    words, questions, digits, symbols, lines, formulas, code, numbers = surface("Is $x$ 12 or 7?\nWhy?")
    assert (questions, lines, formulas, code, numbers) == (2, 1, 1, 0, 2)
    assert words == np.log1p(6)
    assert 0 < digits < 1
    assert 0 < symbols < 1


def test_the_simple_regression_learns_from_what_is_kept_and_scores_what_is_wanted() -> None:
    """It ranks unseen questions by what it learnt of the others, and says nothing of those that were not asked for."""
    texts = [f"def f(x): return x + {at}" if at % 2 else f"What is {at}?" for at in range(40)]
    examples = [Example(text=text, standard=float(at % 2 == 0), reasoning=1.0) for at, text in enumerate(texts)]
    table = Rows(examples, np.zeros((40, 4), np.float32), np.zeros((40, COUNT), np.float32))
    wanted = np.arange(40) >= 30
    found = simple(table, ~wanted, wanted)
    assert (found[:30] == 0).all()
    assert found[31::2].min() > found[30::2].max()


def test_other_models_failures_are_read_by_question(tmp_path: Path) -> None:
    """The share of the two that failed, and easy word problems last."""
    both = {"gpt-4o-mini-2024-07-18": 0, "gpt-4o-2024-08-06": 1, "llama-3.1-8b": 0}
    told = [{"question": "a", "dataset": "gsm", "correct": both}, {"question": "b", "dataset": "crux", "correct": both}]
    with gzip.open(tmp_path / "measured_reasoning_vs_standard.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in told)
    assert others_failed(tmp_path, ["b", "a"]).tolist() == [1.0, 0.5]
