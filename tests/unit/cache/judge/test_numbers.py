"""Numbers in words and digits are one number."""

from __future__ import annotations

import pytest

from workers.cache.judge.text import Text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("twenty-five cats", "#25"),
        ("two hundred and five cats", "#205"),
        ("two hundred and five thousand cats", "#205000"),
        ("1,000 cats", "#1000"),
        ("2.5 million cats", "#2500000"),
        ("a dozen cats", "#12"),
        ("3/4 of the cats", "#3/4"),
        ("half of the cats", "#1/2"),
        ("twice the cats", "#2"),
        ("the 3rd cat", "#3th"),
        ("the third cat", "#3th"),
        ("10k cats", "#10000"),
        ("$7 cats", "#7"),
        ("12.50 cats", "#12.5"),
        ("$0.80 a cat", "#0.8"),
    ],
)
def test_a_number_has_one_name(text: str, number: str) -> None:
    """Each way to write a number leads to the same token."""
    assert [word.form for word in Text.of(text).content if word.kind == "number"] == [number]


def test_versions_and_models_stay_as_they_are() -> None:
    """3.11.2 is not a number, and neither is S7."""
    assert [word.kind for word in Text.of("python 3.11.2 on s7").content] == ["content"] * 3
