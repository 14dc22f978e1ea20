"""The garbage collector of an API process: young garbage as ever, old garbage when it is worth a pause."""

from __future__ import annotations

import subprocess
import sys

import pytest

from api.collecting import due

PROBE = """
import asyncio, gc, weakref
import api.collecting as collecting
collecting.EVERY_S = 0.01
class Ring: pass
def ring():
    one = Ring(); one.self = one
    return weakref.ref(one)
collecting.calm()
young = ring()
junk = [[n] for n in range(300_000)]
print(young() is None)
async def main():
    old = Ring(); old.self = old; known = weakref.ref(old)
    gc.collect(); del old
    task = asyncio.create_task(collecting.collect_for_ever(lambda: 10, lambda: 3))
    await asyncio.sleep(0.2)
    print(known() is None)
    task.cancel()
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("closed", "are_open", "worth"),
    [(0, 0, True), (0, 499, True), (0, 500, False), (499, 500, False), (500, 500, True)],
)
def test_a_full_collection_is_due(closed: int, are_open: int, *, worth: bool) -> None:
    """When it is short, or when as much has closed as is open."""
    assert due(closed, are_open) is worth


def test_rings_are_collected_young_and_old() -> None:
    """In a process of its own: what refers to itself goes, soon when it is young, and by the task when it is old."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["True", "True"]
