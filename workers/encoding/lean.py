"""Keeps a classify worker small and its encoder undisturbed: unused packages left out, one pool of threads.

sentence-transformers and transformers import parts of scikit-learn and SciPy for evaluations and losses that an encoder
never computes, and PyTorch's compiler for models that are compiled, distributed or write text; that takes 115 MB of every
classify worker and some seconds of its start. What is imported under `without` gets stand-ins, which say so when they
are used; afterwards all of it can be imported as ever.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

SPINS = 20_000  # of OpenMP's threads at a barrier: about 50 microseconds
SCIENCE = ("sklearn", "scipy")
# What BERT does without. Another model may need them: its masks may be traced, its layers compiled.
COMPILING = (
    "torch._dynamo", "torch.distributed.tensor", "torch.distributed.fsdp", "torch.distributed._composable",
    "transformers.generation.continuous_batching",
)  # fmt: skip
DECORATORS = frozenset(
    {"disable", "allow_in_graph", "assume_constant_result"}
)  # they tell the compiler how, and else nothing


class LeftOut:
    """Stands for a class: nothing is an instance of it but what some modules make while they are imported."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Make one that has no use."""

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(f"{type(self).__module__}.{type(self).__name__} was left out when the encoder was loaded")


class StandIn(ModuleType):
    """A module whose functions cannot be called, whose classes have no use and whose decorators change nothing."""

    def __getattr__(self, name: str) -> Any:
        """Give what stands for a name; modules write classes with a capital."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in DECORATORS:
            return as_it_is
        if name[0].isupper():
            return type(name, (LeftOut,), {"__module__": self.__name__})

        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise ImportError(f"{self.__name__}.{name} was left out when the encoder was loaded")

        return refuse


def as_it_is(function: Any = None, *_: Any, **__: Any) -> Any:
    """Decorate a function with nothing, with or without arguments of the decorator."""
    return as_it_is if function is None else function


class Finder(MetaPathFinder, Loader):
    """Finds a stand-in for every module of some packages."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = frozenset(packages)

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 - the Protocol's
        """Find it."""
        ours = any(name == package or name.startswith(f"{package}.") for package in self._packages)
        return ModuleSpec(name, self, is_package=True) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make it."""
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: there is nothing in it."""


@contextlib.contextmanager
def without(packages: Sequence[str]) -> Iterator[None]:
    """Import what asks for some packages without them; one that is loaded already is left as it is."""
    finder = Finder([package for package in packages if package not in sys.modules])
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, StandIn)]:
            del sys.modules[name]
            parent, _, last = name.rpartition(".")
            if parent in sys.modules:
                vars(sys.modules[parent]).pop(last, None)


def short_spins() -> None:
    """Let PyTorch's threads sleep soon when they wait for each other; to be called before PyTorch is loaded.

    By default GCC's OpenMP spins about a millisecond at each barrier, and a pass has a hundred of them. That costs nothing
    alone; where another process has one of the processors, it keeps the thread that all wait for from running.
    `GOMP_SPINCOUNT` or `OMP_WAIT_POLICY` in the environment are left as they are.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))


def one_thread_for_numpy() -> None:
    """Let numpy multiply in the caller's thread from now on.

    Its pool's threads look for work for a while after each product and take the processors from the encoder's pool, which
    begins next.
    """
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - an extra that other processes go without

    numpy = [pool["prefix"] for pool in ThreadpoolController().info() if "numpy" in pool["filepath"]]
    ThreadpoolController().select(prefix=numpy).limit(limits=1)
