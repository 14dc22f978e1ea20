"""Many texts in one pass of the encoder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from workers.encoding.batching import BatchedEncoder, Vector

pytestmark = pytest.mark.anyio


class Lengths:
    """Encodes a text as its length; a pass can be held up."""

    def __init__(self) -> None:
        self.passes: list[int] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, texts: Sequence[str]) -> Vector:
        """Encode texts."""
        self.open.wait(10)
        self.passes.append(len(texts))
        if "broken" in texts:
            raise RuntimeError("defect")
        return np.array([[len(text)] for text in texts], np.float32)


async def test_a_burst_is_encoded_in_full_passes_and_everyone_gets_his_own() -> None:
    """A hundred texts at once take four passes of at most 32."""
    encode = Lengths()
    encoder = BatchedEncoder(encode, most=32, wait_s=0.05)
    found = await asyncio.gather(*(encoder.embed("x" * length) for length in range(100)))
    assert [row[0] for row in found] == list(range(100))
    assert encode.passes == [32, 32, 32, 4]
    encoder.close()


async def test_a_lone_text_is_encoded_although_nobody_comes_along() -> None:
    """It waits its few milliseconds and goes alone."""
    encode = Lengths()
    encoder = BatchedEncoder(encode, most=32, wait_s=0.001)
    assert (await encoder.embed("four"))[0] == 4
    assert encode.passes == [1]
    encoder.close()


async def test_what_comes_during_a_pass_goes_with_the_next() -> None:
    """The event loop is free while a pass runs."""
    encode = Lengths()
    encode.open.clear()
    encoder = BatchedEncoder(encode, most=8, wait_s=0)
    first = asyncio.create_task(encoder.embed("a"))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(encoder.embed("bb")) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert not first.done()
    encode.open.set()
    await asyncio.gather(first, *others)
    assert encode.passes == [1, 5]
    encoder.close()


async def test_a_caller_who_left_spoils_nothing() -> None:
    """A cancelled job's text is encoded for nobody; the others get theirs."""
    encode = Lengths()
    encoder = BatchedEncoder(encode, most=8, wait_s=0.01)
    leaving = asyncio.create_task(encoder.embed("leaves"))
    staying = asyncio.create_task(encoder.embed("stays"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying)[0] == 5
    encoder.close()


async def test_a_defect_reaches_everyone_of_its_pass_and_nobody_after() -> None:
    """Nobody waits for ever."""
    encoder = BatchedEncoder(Lengths(), most=8, wait_s=0.01)
    found = await asyncio.gather(encoder.embed("broken"), encoder.embed("other"), return_exceptions=True)
    assert [type(error) for error in found] == [RuntimeError, RuntimeError]
    assert (await encoder.embed("fine"))[0] == 4
    encoder.close()
