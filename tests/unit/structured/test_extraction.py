"""The final answer is found in verbose replies, and nothing else is taken for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.structured.asks import TREE, asked, reply
from workers.contracts.errors import StructuredOutputInvalid
from workers.structured import extract

FINAL = [
    ('{"total": 3}', {"total": 3}),
    ('\ufeff {"total": 3}\u00a0\n', {"total": 3}),
    ('"{\\"total\\": 3}"', {"total": 3}),
    ('```json\n{"total": 3}\n```', {"total": 3}),
    ('```\n{"total": 3}\n```', {"total": 3}),
    ('~~~json\n{"total": 3}\n~~~', {"total": 3}),
    ('Sure! Here it is:\n\n```json\n{"total": 3}\n```\nLet me know if you need more.', {"total": 3}),
    ('First try:\n```json\n{"total": 1}\n```\nNo, that forgets the tax.\n```json\n{"total": 2}\n```', {"total": 2}),
    ('Draft {"total": 1}, better {"total": 2}, final {"total": 3}. Done.', {"total": 3}),
    ('## Steps\n1. \\frac{1}{2} + \\sqrt{4}\n2. \\boxed{3}\n\n**Final answer:** {"total": 3}', {"total": 3}),
    ('def f(x):\n    return {x: [1, 2]}\n\nSo the result is {"total": 3, "unit": "km"}', {"total": 3, "unit": "km"}),
    ('The set {1, 2, 3} has sum 6, so\n{"total": 6}', {"total": 6}),
    ('I use braces like {this} and [that]. {"total": 4}', {"total": 4}),
    ('{"note": "not the answer"} then {"total": 5}', {"total": 5}),
    ('{"total": 5} is the answer; {"confidence": "high"}', {"total": 5}),
    ('Let x = {a: 1}. Then [1, 2] follows. Answer: {"total": -1.5e3}', {"total": -1500.0}),
    ('{"total": 3, "unit": "a } and a { in a string"}', {"total": 3, "unit": "a } and a { in a string"}),
    ('{"total": 3, "unit": "\\u00e9 \\" quoted"}', {"total": 3, "unit": 'é " quoted'}),
    ('Es sind drei.\n\n{"total": 3, "unit": "Äpfel"}', {"total": 3, "unit": "Äpfel"}),
    ('结果如下：{"total": 3}。', {"total": 3}),
    ('<answer>{"total": 3}</answer>', {"total": 3}),
    ('> quoted {"total": 1}\n\n{"total": 2}', {"total": 2}),
    ('```python\nprint({"a": 1})\n```\n```json\n{"total": 8}\n```', {"total": 8}),
    ('Apologies for the confusion.\n{\n  "total": 9\n}\n', {"total": 9}),
]


@pytest.mark.parametrize(("text", "value"), FINAL)
def test_the_final_answer_is_found(text: str, value: Any) -> None:
    """Verbose replies of many kinds give their last fitting JSON, as it is."""
    found = extract(reply(text), asked())
    assert found.value == value
    assert not found.repaired


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'total': 3}", {"total": 3}),
        ('{"total": 3,}', {"total": 3}),
        ("{total: 3}", {"total": 3}),
        ('{"total": 3 // of all\n}', {"total": 3}),
        ('```json\n{"total": 3,\n "unit": "km",}\n```', {"total": 3, "unit": "km"}),
    ],
)
def test_broken_json_is_repaired_and_says_so(text: str, value: Any) -> None:
    """What a library can repair is repaired, and must fit."""
    found = extract(reply(text), asked())
    assert found.value == value
    assert found.repaired


@pytest.mark.parametrize(
    "text",
    [
        "", "I do not know.", "{", '{"total": ', '{"total": 3', '{"total": "three"}', "[3]", "3", "null", '{"total": NaN}',
        '{"total": 3, "more": 1}', 'Draft {"total": 1}. Final: {"total": "one"}',
        '```json\n{"total": 1}\n```\nSorry, rather:\n```json\n{"total": 2, "unit": "k\n```', '{"totals": 3}',
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(text: str) -> None:
    """No answer is made up: not out of drafts, not out of cut-off text, not by coercion."""
    with pytest.raises(StructuredOutputInvalid) as raised:
        extract(reply(text), asked())
    assert raised.value.problems


def test_problems_name_paths_and_keywords_and_no_values() -> None:
    """What is told about a misfit holds nothing of the reply but the names of the schema."""
    with pytest.raises(StructuredOutputInvalid) as raised:
        extract(reply('{"total": "private-words"}'), asked())
    assert raised.value.problems == ("$.total: type",)


def test_a_cut_off_reply_is_never_completed() -> None:
    """At the token limit only JSON that is whole counts."""
    assert extract(reply('{"total": 3}', finish="length"), asked()).value == {"total": 3}
    for text in ('{"total": 3', '{"total": 3,}', 'so {"total": 12'):
        with pytest.raises(StructuredOutputInvalid):
            extract(reply(text, finish="length"), asked())


def test_thinking_is_never_the_answer() -> None:
    """JSON that the model thought of is not what it said."""
    with pytest.raises(StructuredOutputInvalid):
        extract(reply("done", thinking='{"total": 3}'), asked())


def test_plain_text_becomes_the_answer_under_the_default_schema() -> None:
    """A model that cannot do JSON answers in words, and its words are the answer."""
    assert extract(reply(" Paris. \n"), asked(None, "text")).value == {"answer": "Paris."}
    assert extract(reply("The set {1, 2} is finite."), asked(None)).value == {"answer": "The set {1, 2} is finite."}
    assert extract(reply('{"answer": "Paris"}'), asked(None)).value == {"answer": "Paris"}
    assert extract(reply('```json\n{"answer": "Paris"}\n```'), asked(None)).value == {"answer": "Paris"}
    with pytest.raises(StructuredOutputInvalid):
        extract(reply('{"answer": 42}'), asked(None))


def test_tool_arguments_are_the_answer() -> None:
    """Arguments of the tool are read, also when they wrap what is no object."""
    assert extract(reply("words", tool='{"total": 3}'), asked(means="tool")).value == {"total": 3}
    array = {"type": "array", "items": {"type": "integer"}}
    assert extract(reply("", tool='{"value": [1, 2]}'), asked(array, "tool")).value == [1, 2]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
noise = st.text(alphabet="abc {}[]\"'`\\$\n:,.1", max_size=60)


@settings(max_examples=300)
@given(value=json_values, before=noise, after=st.text(alphabet="abc .!\n", max_size=30))
def test_any_value_is_found_exactly_behind_any_noise(value: Any, before: str, after: str) -> None:
    """An object in a fenced block after noise comes out as it went in."""
    wanted = {"final": value}
    schema = {"type": "object", "required": ["final"], "properties": {"final": {}}}
    text = f"{before.replace('`', '')}\n```json\n{json.dumps(wanted)}\n```\n{after}"
    assert extract(reply(text), asked(schema)).value == wanted


trees = st.recursive(
    st.fixed_dictionaries({"name": st.text(max_size=8)}),
    lambda inner: st.fixed_dictionaries({"name": st.text(max_size=8), "kids": st.lists(inner, min_size=1, max_size=3)}),
    max_leaves=6,
)


@settings(max_examples=300)
@given(
    tree=trees,
    cut=st.integers(0, 300),
    indent=st.sampled_from([None, 2]),
    lead=st.sampled_from(["", "The final answer: ", "First draft:\n", "```json\n", "Let {x} be.\n\n"]),
    finish=st.sampled_from(["length", "stop", None]),
)
def test_a_cut_never_gives_a_wrong_success(
    tree: dict, cut: int, indent: int | None, lead: str, finish: str | None
) -> None:
    """A reply cut off anywhere gives the whole answer or none, also where its parts would fit the schema."""
    whole = lead + json.dumps(tree, indent=indent)
    try:
        found = extract(reply(whole[:cut], finish=finish), asked(TREE))
    except StructuredOutputInvalid:
        return
    assert found.value == tree
    if cut < len(whole):
        assert found.repaired
        assert (finish, len(whole) - len(whole[:cut].rstrip())) in {("stop", 1), ("stop", 2)}  # a bracket, a line end


@given(number=st.integers(-(10**9), 10**9), cut=st.integers(1, 12))
def test_a_number_that_may_be_cut_is_refused(number: int, cut: int) -> None:
    """At the token limit the digits of a bare number cannot be trusted."""
    with pytest.raises(StructuredOutputInvalid):
        extract(reply(str(number)[:cut], finish="length"), asked({"type": "number"}, "instructions"))


snippets = st.sampled_from([
    "I think \\frac{1}{2} of {x | x > 0}.", "Citations [1, 2] and [3].", "for (i = 0; i < n; i++) { a[i] = {}; }",
    "```python\nresult = {'final': None}\n```", 'Draft: {"final": "no"}.', 'e.g. {"final": 0}', "Let me reconsider.\n\n",
    '{"other": [1, {"deep": true}]}', "The interval [0, 1) is half open.", "Hmm, \u201cquoted\u201d {words}.", "| a | b |\n|---|---|",
    '"unpaired', "$$\\boxed{42}$$", "\n\n## Step 2\n", "don't {stop", '{"key": undefined}',
])  # fmt: skip


@settings(max_examples=300)
@given(
    value=json_values,
    noise_before=st.lists(snippets, max_size=6),
    lead=st.sampled_from(["\n\nFinal answer: ", "\n**Answer**\n", "\n\nSo the result is:\n```json\n", "\n```\n"]),
    indent=st.sampled_from([None, 2]),
)
def test_any_value_is_found_exactly_behind_verbose_noise(
    value: Any, noise_before: list[str], lead: str, indent: int | None
) -> None:
    """What a scratchpad full of braces says before the final answer changes nothing of it."""
    wanted = {"final": value}
    schema = {"type": "object", "required": ["final"], "properties": {"final": {}}}
    end = "\n```" if "```" in lead else ""
    text = f"{' '.join(noise_before)}{lead}{json.dumps(wanted, indent=indent, ensure_ascii=False)}{end}"
    found = extract(reply(text), asked(schema))
    assert found.value == wanted
    assert not found.repaired
