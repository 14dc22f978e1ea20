"""Keeps a classify worker small and its encoder undisturbed: no scikit-learn and SciPy, memory given back, one pool of threads.

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

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT = (
    8 * 1024 * 1024
)  # more than any array of one pass takes: those would else be mapped, zeroed and unmapped at each layer
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


def one_thread_for_numpy() -> None:
    """Let numpy multiply in the caller's thread from now on.

    Its pool's threads look for work for a while after each product and take the processors from the encoder's pool, which
    begins next: without this a batch of short texts takes half as long again on two cores.
    """
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - an extra that other processes go without

    numpy = [pool["prefix"] for pool in ThreadpoolController().info() if "numpy" in pool["filepath"]]
    ThreadpoolController().select(prefix=numpy).limit(limits=1)


def give_memory_back() -> None:
    """Let the C library return from now on what was freed, but for a pass's own arrays.

    glibc raises both thresholds with what is freed, up to 32 and 64 MB, unless they were set (mallopt(3)): a worker would
    keep for ever what loading and a replica's growth took.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library, which knows no mallopt
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_MMAP_THRESHOLD, KEPT)
        allocator.mallopt(M_TRIM_THRESHOLD, 2 * KEPT)
