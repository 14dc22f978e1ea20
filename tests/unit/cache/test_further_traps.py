"""The generated traps: every kind can be made, differs from what it was made of, and a seed gives the same ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.cache_further_traps import EDITS, PAIRS, further_traps

QUERIES = (
    "how do i look for the best dog in the school of music", "who wrote the song for the team", "can i cancel my card and pay now",
    "what is the reason for the price of oil in india", "how many years was the king in london during the war",
    "what are the causes of war in 1914", "set the alarm for the day", "is there a healthy dish on facebook or android",
    "turn on the light with water after lunch", "does he have the biggest book about mother and the dream",
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a handful of queries where the real ones lie."""
    (tmp_path / "router").mkdir()
    for name in ("clinc150", "banking77", "nq_open"):
        with gzip.open(tmp_path / "router" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps({"question": f"{text} {name[0]}"[:-2]}) + "\n" for text in QUERIES * 40)
    return tmp_path


def test_kinds_are_named_once() -> None:
    """No kind of whole pairs hides one of edits, and there are more than forty."""
    assert not EDITS.keys() & PAIRS.keys()
    assert len(EDITS) + len(PAIRS) > 40


def test_an_edit_changes_the_text_or_makes_nothing(data: Path) -> None:
    """A trap that equals its query in all but case would be no trap."""
    made = [(kind, stored, asked) for kind, stored, asked in _made(data, 1)]
    assert all(stored.lower() != asked.lower() for _, stored, asked in made)
    missing = EDITS.keys() - {kind for kind, _, _ in made}
    assert missing <= {"prefix", "near name", "people", "time span", "exchanged with"}


def test_a_seed_gives_the_same_traps(data: Path) -> None:
    """Figures in the documents can be made again."""
    assert _made(data, 3) == _made(data, 3)
    assert _made(data, 3) != _made(data, 4)


def _made(data: Path, seed: int) -> list[tuple[str, str, str]]:
    return [found for found in further_traps(data, seed) if found[0] in EDITS]
