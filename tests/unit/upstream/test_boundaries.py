"""However the network cuts a stream, what is read out of it is the same."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from workers.upstream.events import EventReader
from workers.upstream.thinking import ThinkingSplitter

texts = st.text(alphabet="<>/thinkab \n", max_size=60)


def pieces(text: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at some places."""
    places = sorted({min(cut, len(text)) for cut in cuts})
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


def split(text: str, cuts: list[int], *, opens: bool = False) -> dict[str, str]:
    """What the splitter makes of a text that comes in pieces."""
    splitter, found = ThinkingSplitter(opens_in_thinking=opens), {"thinking": "", "answer": ""}
    places = sorted({min(cut, len(text)) for cut in cuts})
    for a, b in zip([0, *places], [*places, len(text)], strict=True):
        for delta in splitter.feed(text[a:b]):
            found[delta.kind] += delta.text
    for delta in splitter.flush():
        found[delta.kind] += delta.text
    return found


@given(text=texts, cuts=st.lists(st.integers(0, 60), max_size=12), opens=st.booleans())
def test_cuts_do_not_change_what_is_thinking_and_what_is_answer(text: str, cuts: list[int], opens: bool) -> None:
    """Any cutting gives the same thinking and the same answer as the whole text."""
    assert split(text, cuts, opens=opens) == split(text, [], opens=opens)


@given(
    thought=st.text(alphabet="abc <>/", max_size=30), answer=st.text(alphabet="xyz <think>", min_size=1, max_size=30)
)
def test_a_tagged_reply_is_parted_exactly(thought: str, answer: str) -> None:
    """What stands between the first tags is thinking, the rest is the answer, tags in it included."""
    answer = "x" + answer
    found = split(f" \n<think>{thought}</think>{answer}", list(range(0, 90, 3)))
    assert found == {"thinking": thought, "answer": answer}


def test_a_tag_after_the_answer_began_is_text() -> None:
    """An answer may speak of the tag."""
    assert split("Use <think> tags.", [5, 8]) == {"thinking": "", "answer": "Use <think> tags."}


def test_a_model_that_opens_in_thinking_needs_only_the_closing_tag() -> None:
    """Some templates put the opening tag into the prompt."""
    assert split("so, 2+2</think>4", [3], opens=True) == {"thinking": "so, 2+2", "answer": "4"}


def test_thinking_that_never_closes_is_no_answer() -> None:
    """A reply that is cut off while it thinks has said nothing."""
    assert split("<think>on and on", [])["answer"] == ""


@given(
    values=st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=3), min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 400), max_size=20),
    ending=st.sampled_from([b"\n", b"\r\n"]),
    comments=st.booleans(),
)
def test_cuts_do_not_change_the_events(values: list, cuts: list[int], ending: bytes, comments: bool) -> None:
    """Any cutting of the bytes, also inside a character, gives the same events."""
    stream = b""
    for value in values:
        stream += (b": keep-alive" + ending if comments else b"") + b"event: x" + ending
        stream += b"data: " + json.dumps(value, ensure_ascii=False).encode() + ending + ending
    reader, found = EventReader(10_000), []
    for piece in pieces(stream, cuts):
        found += [json.loads(data) for data in reader.feed(piece)]
    found += [json.loads(data) for data in reader.flush()]
    assert found == values


def test_an_event_without_its_last_blank_line_is_read_at_the_end() -> None:
    """Some servers close right after the last line."""
    reader = EventReader(1_000)
    assert list(reader.feed(b"data: {}\n\ndata: [DONE]")) == [b"{}"]
    assert list(reader.flush()) == [b"[DONE]"]


def test_an_endless_line_is_noticed() -> None:
    """A line that grows past the limit is told by `overfull`."""
    reader = EventReader(100)
    list(reader.feed(b"data: " + b"x" * 200))
    assert reader.overfull
