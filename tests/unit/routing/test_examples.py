"""Labelled queries: what a line may say, and what is said of a line that is wrong."""

from __future__ import annotations

import pytest

from workers.routing.examples import ExampleRefusedError, fingerprint, near_duplicate_key, read


def test_both_kinds_of_lines_are_read() -> None:
    """A label, or two measured answers; empty lines are passed over."""
    one, two = read(
        [
            '{"input": "a", "label": "reasoning", "task_type": "code", "source": "mine"}\n',
            "\n",
            '{"input": "b", "standard_correct": false, "reasoning_correct": 1, "instructions": "be brief"}\n',
        ]
    )
    assert (one.label, one.task_type, one.source) == (1.0, "code", "mine")
    assert (two.label, two.standard, two.reasoning, two.hard, two.instructions) == (None, 0.0, 1.0, 1.0, "be brief")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: it is no JSON"),
        ("[]", "line 1: it is no object"),
        ("{}", "line 1: `input`"),
        ('{"input": ""}', "line 1: `input`"),
        ('{"input": 3}', "line 1: `input`"),
        ('{"input": "a"}', "line 1: give `label`"),
        ('{"input": "a", "label": "hard"}', "line 1: `label`"),
        ('{"input": "a", "label": ["hard"]}', "line 1: `label`"),
        ('{"input": "a", "standard_correct": true}', "line 1: give `label`"),
        ('{"input": "a", "standard_correct": "yes", "reasoning_correct": 1}', "line 1: `standard_correct`"),
        ('{"input": "a", "label": "standard", "task_type": "chess"}', "line 1: `task_type`"),
        ('{"input": "a", "label": "standard", "task_type": []}', "line 1: `task_type`"),
        ('{"input": "a", "label": "standard", "instructions": 4}', "line 1: `instructions`"),
        ("[" * 100_000, "line 1: it is no JSON"),
    ],
)
def test_a_wrong_line_is_named(line: str, said: str) -> None:
    """The message names the line and the field."""
    with pytest.raises(ExampleRefusedError) as refused:
        read([line])
    assert said in str(refused.value)


def test_nothing_at_all_is_refused() -> None:
    """An empty file trains nothing."""
    with pytest.raises(ExampleRefusedError, match="no labelled query"):
        read(["\n"])


def test_the_fingerprint_follows_content_and_not_order() -> None:
    """The same lines in another order are the same data."""
    lines = ['{"input": "a", "label": "reasoning"}', '{"input": "b", "label": "standard"}']
    assert fingerprint(read(lines)) == fingerprint(read(lines[::-1]))
    assert fingerprint(read(lines)) != fingerprint(read(lines[:1]))


def test_near_duplicates_have_one_key() -> None:
    """Case, marks and spaces make no other question."""
    assert near_duplicate_key("What is 2+2?") == near_duplicate_key("what is  2 + 2")
    assert near_duplicate_key("What is 2+2?") != near_duplicate_key("What is 2+3?")
