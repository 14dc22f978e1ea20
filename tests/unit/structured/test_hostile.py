"""Whatever a reply holds, reading it takes time in proportion to its size, and nothing but our own error comes out."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.structured.asks import TREE, asked, reply
from workers.contracts.calls import StructuredAnswer
from workers.contracts.errors import StructuredOutputInvalid
from workers.structured import extract
from workers.structured.fitting import fitting

BYTES = 500_000
HOSTILE = [
    "{", "[", "[]", "[ ", '{"a":', "a{b}", "```\n", "```a\n", "~~~\n{", '{"a":1} ', '{"', '{"a"', '["a",', '{"total":', '"\\',
    '\\"', "[1,", "{x:", '{"total":1,}', '{"a b":1}{', '\u00e9{"k', "_", "/*", "`", "\n", " ", '{"total":1}\n', 'not {"total":1} ',
    '{"total":1', "{'total':1}", "[[1],", '"{', "<think>", "\ufeff", '{"a":1,"a":2}', "{}",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("before", ["", '{"total": ', "```json\n"])
def test_much_of_anything_is_read_in_linear_steps(piece: str, before: str) -> None:
    """Reading took more than a minute for some of these when it began anew at each bracket; now about one second."""
    text = before + piece * (BYTES // len(piece))
    began = time.process_time()
    with contextlib.suppress(StructuredOutputInvalid):
        extract(reply(text), asked())
    assert time.process_time() - began < 10


def test_an_answer_after_a_hundred_thousand_braces_is_found() -> None:
    """A long scratchpad hides nothing."""
    scratch = "if (a[i] > {b}) { c = {d: [e]}; } \\frac{1}{2}\n" * 20_000
    began = time.process_time()
    assert extract(reply(f'{scratch}\n\n{{"total": 3}}'), asked()).value == {"total": 3}
    assert time.process_time() - began < 5


@given(
    text=st.text(alphabet='{}[]":,\\ \n`~atol1e.-"\'', max_size=80), finish=st.sampled_from(["stop", "length", None])
)
def test_any_text_gives_a_fitting_answer_or_our_error(text: str, finish: str | None) -> None:
    """Nothing else is raised, and nothing else comes back."""
    for schema in ({"type": "object"}, TREE, {"type": "array"}, {}):
        wanted = asked(schema, "instructions")
        try:
            found = extract(reply(text, finish=finish), wanted)
        except StructuredOutputInvalid:
            continue
        assert isinstance(found, StructuredAnswer)
        assert not fitting(schema).problems(found.value, text)
        json.dumps(found.value, allow_nan=False)


@pytest.mark.parametrize("levels", [99, 101, 900, 5_000, 200_000])
def test_deep_nesting_is_refused_where_others_could_not_take_it(levels: int) -> None:
    """A hundred levels are read; more are refused, and never overflow."""
    text = '{"a":' * levels + "1" + "}" * levels
    for whole in (text, f"Final answer: {text}"):
        if levels < 100:
            assert extract(reply(whole), asked({"type": "object"})).value["a"]
        else:
            with pytest.raises(StructuredOutputInvalid):
                extract(reply(whole), asked({"type": "object"}))


ODD = [
    '{"total": 1e999}', '{"total": -1e999}', '{"total": NaN}', '{"total": Infinity}', '{"total": 1, "unit": "\\ud800"}',
    '{"total": ' + "9" * 5_000 + "}", '{"total": 1, "total": 2}',
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_what_json_cannot_hold_is_refused(text: str) -> None:
    """No infinity, no half character, no endless number, no property with two values."""
    for whole in (text, f"The answer is {text}", f"```json\n{text}\n```"):
        with pytest.raises(StructuredOutputInvalid):
            extract(reply(whole), asked())


def test_a_large_answer_is_not_checked_against_a_costly_schema() -> None:
    """A check that would take minutes is refused in a moment."""
    costly = {"type": "object", "properties": {"a": {"type": "array", "items": {"enum": ["x", [1], *range(3_000)]}}}}
    text = json.dumps({"a": [2_999] * 100_000})
    began = time.process_time()
    with pytest.raises(StructuredOutputInvalid) as raised:
        extract(reply(text), asked(costly))
    assert "too large" in raised.value.problems[0]
    assert time.process_time() - began < 5
    assert extract(reply('{"a": [2999, "x", [1]]}'), asked(costly)).value


def test_a_grammar_is_described_where_that_is_cheap_and_refused_where_not() -> None:
    """To say what does not fit may cost twice as much with each level; to know that it does not fit never does."""
    a, b = {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}
    both = {"type": ["object", "integer"], "properties": {"x": {"allOf": [a, b]}}}
    schema = {"type": "object", "$defs": {"a": both, "b": {**both, "minProperties": 1}}, "allOf": [a]}
    began = time.process_time()
    for levels, problem in ((2, "$.x.x: type"), (40, "$: does not fit")):
        text = '{"x":' * levels + '"s"' + "}" * levels
        with pytest.raises(StructuredOutputInvalid) as raised:
            extract(reply(text), asked(schema))
        assert problem in raised.value.problems
    assert time.process_time() - began < 5
