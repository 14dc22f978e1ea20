"""Keeps scikit-learn out of the process while the encoder's library is imported.

sentence-transformers imports `sklearn.metrics` for distances and evaluations that an encoder never computes; that takes
40 MB of every classify worker and a second of its start. What is imported under `without_sklearn` gets stand-ins, which
say so when they are called; afterwards scikit-learn can be imported as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

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


@contextmanager
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
