"""Builds what a classify worker decides with. Heavy libraries are loaded here, by these workers alone, once a process.

A worker without its encoder or its artefact does not start: the SettingsError that says why ends the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workers.contracts.errors import SettingsError
from workers.contracts.routing import Query, RouteDecision, Vector
from workers.routing.live import Decider, Watched
from workers.routing.rules import RuleRouter
from workers.settings import RouterSettings, Settings

if TYPE_CHECKING:
    from workers.encoding.encoder import Encoder
    from workers.routing.router import TrainedRouter


class Embedder(Protocol):
    """Encodes one text for the classify stage."""

    async def embed(self, text: str) -> Vector:
        """Encode one text."""
        ...

    def close(self) -> None:
        """End its thread."""
        ...


class NoEncoder:
    """Stands where nothing needs a vector."""

    async def embed(self, text: str) -> Vector:  # noqa: ARG002 - the Protocol's
        """Give None."""
        return None

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """The encoder and the deciders of one process, loaded."""

    encoder: Encoder | None
    live: Watched
    shadow: Watched | None


def load(settings: Settings) -> Deciding:
    """Load encoder and artefacts; takes seconds.

    Raises:
        SettingsError: one of them is missing or does not fit the other.
    """
    if settings.router.kind == "rules":
        return Deciding(_encoder(settings) if settings.cache.semantic else None, Watched(RuleRouter()), None)
    encoder = _encoder(settings)
    live = _watched("router.artefact", settings.router.artefact, encoder, settings.router)
    shadow = settings.router.shadow
    return Deciding(encoder, live, _watched("router.shadow", shadow, encoder, settings.router) if shadow else None)


def _encoder(settings: Settings) -> Encoder:
    from workers.encoding.encoder import Encoder  # noqa: PLC0415 - loads torch

    return Encoder(settings.encoder.model, threads=settings.encoder.threads or None)


def embedder(deciding: Deciding, settings: Settings) -> Embedder:
    """Batch the encoder for one event loop."""
    if deciding.encoder is None:
        return NoEncoder()
    from workers.encoding.batching import BatchedEncoder  # noqa: PLC0415 - loads numpy

    return BatchedEncoder(deciding.encoder.embed, most=settings.encoder.batch, wait_s=settings.encoder.wait_s)


def _watched(setting: str, path: str, encoder: Encoder, wanted: RouterSettings) -> Watched:
    from workers.routing.artefact import SHIPPED  # noqa: PLC0415 - loads numpy

    file = Path(path) if path else SHIPPED

    def loaded(file: Path) -> Decider:
        return _decider(file, encoder, wanted)

    try:
        return Watched(loaded(file), file, loaded)
    except SettingsError as error:
        raise SettingsError(f"{setting}: {error}") from error


class Trained:
    """A trained artefact under the policy that the settings ask for, as the live router wants it."""

    def __init__(self, router: TrainedRouter, policy: str) -> None:
        self._router = router
        self.name = router.name
        self.threshold = router.threshold
        self.policy = policy

    def decide(self, queries: Sequence[Query], vectors: Sequence[Vector]) -> list[RouteDecision]:
        """Decide several queries by their vectors."""
        import numpy as np  # noqa: PLC0415 - loaded by classify workers alone

        return self._router.decide(queries, np.stack(vectors))


def _decider(file: Path, encoder: Encoder, wanted: RouterSettings) -> Decider:
    from workers.routing import artefact  # noqa: PLC0415 - loads numpy
    from workers.routing.policy import Policy  # noqa: PLC0415
    from workers.routing.router import TrainedRouter  # noqa: PLC0415

    value = getattr(wanted, wanted.policy)
    policy = Policy(wanted.policy, value, floor=wanted.min_confidence, unsure=wanted.when_unsure)
    router = TrainedRouter(artefact.load(file, encoder.fingerprint), policy)
    return Trained(router, f"{wanted.policy} {value:g}")
