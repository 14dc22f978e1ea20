"""Builds what a classify worker decides with. Heavy libraries are loaded here, by these workers alone, once a process.

A worker without its encoder or its artefact does not start: the SettingsError that says why ends the process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from workers.contracts.errors import SettingsError
from workers.contracts.routing import Vector
from workers.routing.live import Watched
from workers.routing.rules import RuleRouter
from workers.settings import Settings

if TYPE_CHECKING:
    from workers.encoding.encoder import Encoder


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
    raise SettingsError("router.kind is 'trained': no artefact is shipped yet; allowed is 'rules'")


def _encoder(settings: Settings) -> Encoder:
    from workers.encoding.encoder import Encoder  # noqa: PLC0415 - loads torch

    return Encoder(settings.encoder.model, threads=settings.encoder.threads or len(os.sched_getaffinity(0)))


def embedder(deciding: Deciding, settings: Settings) -> Embedder:
    """Batch the encoder for one event loop."""
    if deciding.encoder is None:
        return NoEncoder()
    from workers.encoding.batching import BatchedEncoder  # noqa: PLC0415 - loads numpy

    return BatchedEncoder(deciding.encoder.embed, most=settings.encoder.batch, wait_s=settings.encoder.wait_s)
