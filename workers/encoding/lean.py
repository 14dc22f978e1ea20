"""Keeps a classify worker small: scikit-learn stays out of it, and memory that a pass took is given back.

sentence-transformers imports `sklearn.metrics` for distances and evaluations that an encoder never computes; that takes
40 MB of every classify worker and a second of its start. What is imported under `without_sklearn` gets stand-ins, which
say so when they are called; afterwards scikit-learn can be imported as ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

M_MMAP_THRESHOLD = -3  # malloc.h
NAMES = ("sklearn", "sklearn.metrics")


class StandIn(ModuleType):
    """A module whose functions cannot be called."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """Give a function that refuses."""
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise ImportError(f"{self.__name__}.{name} was left out when the encoder was loaded")

        return refuse


@contextlib.contextmanager
def without_sklearn() -> Iterator[None]:
    """Import what asks for scikit-learn without it; does nothing where it is loaded already."""
    if "sklearn" in sys.modules:
        yield
        return
    for name in NAMES:
        sys.modules[name] = StandIn(name)
    try:
        yield
    finally:
        for name in NAMES:
            if isinstance(sys.modules.get(name), StandIn):
                del sys.modules[name]


def give_memory_back() -> None:
    """Let the C library return what a large pass took: without it, glibc keeps 50 MB of a classify worker for ever.

    glibc raises its threshold for memory of its own pages (128 kB) with what is freed, unless it was set (mallopt(3)).
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library, which knows no mallopt
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 128 * 1024)
