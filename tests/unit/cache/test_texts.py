"""The copy of what was asked: bounded, and forgetful of what was asked for longest ago."""

from __future__ import annotations

import asyncio

import pytest

from workers.cache.replica.texts import LONGEST, MOST_FRESH, Asked, Texts


def asked(text: str) -> Asked:
    """Somebody's text."""
    return Asked(text, "acme")


def test_the_latest_stay() -> None:
    """One that was looked at counts as new."""
    texts = Texts(most=2)
    texts.put("a", asked("one"))
    texts.put("b", asked("two"))
    assert texts.get("a") == asked("one")
    texts.put("c", asked("three"))
    assert (texts.get("a"), texts.get("b"), texts.get("c")) == (asked("one"), None, asked("three"))
    assert texts.chars == len("onethree")


def test_there_is_room_for_so_many_characters() -> None:
    """What does not fit goes, also the new one; what is replaced or removed makes room."""
    texts = Texts(most_chars=10)
    texts.put("a", asked("x" * 6))
    texts.put("b", asked("y" * 6))
    assert (texts.get("a"), len(texts), texts.chars) == (None, 1, 6)
    texts.put("b", asked("z"))
    assert (texts.get("b"), texts.chars) == (asked("z"), 1)
    texts.remove(["b", "never there"])
    assert (len(texts), texts.chars) == (0, 0)
    texts.put("c", asked("x" * 11))
    assert (len(texts), texts.chars) == (0, 0)


@pytest.mark.parametrize("text", ["", "x" * (LONGEST + 1)])
def test_nothing_and_very_much_are_not_held(text: str) -> None:
    """Nor is what was there before under that name."""
    texts = Texts()
    texts.put("a", asked("one"))
    texts.put("a", asked(text))
    assert texts.get("a") is None


def test_new_ones_are_given_out_once_the_latest_first() -> None:
    """Whoever waits is woken; beyond a number the oldest are left out."""

    async def run() -> None:
        texts = Texts()
        waiting = asyncio.create_task(texts.fresh())
        await asyncio.sleep(0)
        assert not waiting.done()
        texts.came("a", asked("one"))
        assert await waiting == "one"
        for number in range(MOST_FRESH + 1):
            texts.came(str(number), asked(str(number)))
        assert texts.waiting == MOST_FRESH
        found = [await texts.fresh() for _ in range(MOST_FRESH)]
        assert (found[0], found[-1]) == (str(MOST_FRESH), "1")

    asyncio.run(run())
