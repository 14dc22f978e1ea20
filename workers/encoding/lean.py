"""Keeps a classify worker small: scikit-learn and SciPy stay out of it, and memory that a pass took is given back.

sentence-transformers and transformers import parts of both for evaluations and losses that an encoder never computes; that
takes 80 MB of every classify worker and some seconds of its start. What is imported under `without_science` gets stand-ins,
which say so when they are called; afterwards both can be imported as ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

M_MMAP_THRESHOLD = -3  # malloc.h
PACKAGES = ("sklearn", "scipy")


class StandIn(ModuleType):
    """A module whose functions cannot be called."""

    def __getattr__(self, name: str) -> Any:
        """Give a function that refuses."""
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise ImportError(f"{self.__name__}.{name} was left out when the encoder was loaded")

        return refuse


class Finder(MetaPathFinder, Loader):
    """Finds a stand-in for every module of some packages."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = frozenset(packages)

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 - the Protocol's
        """Find it."""
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self._packages else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make it."""
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: there is nothing in it."""


@contextlib.contextmanager
def without_science() -> Iterator[None]:
    """Import what asks for scikit-learn and SciPy without them; one that is loaded already is left as it is."""
    finder = Finder([package for package in PACKAGES if package not in sys.modules])
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, StandIn)]:
            del sys.modules[name]


def give_memory_back() -> None:
    """Let the C library return from now on what a large pass took: without it, glibc keeps 50 MB of a classify worker for ever.

    glibc raises its threshold for memory of its own pages (128 kB) with what is freed, unless it was set (mallopt(3)).
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library, which knows no mallopt
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 128 * 1024)
