"""Texts to vectors for the cache's tools, with a progress bar for people."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workers.cli.failing import fail
from workers.contracts.errors import SettingsError
from workers.encoding.encoder import Encoder

CHUNK: Final = 256  # texts that are embedded between two steps of the progress bar


def embedded(texts: list[str], model: str) -> tuple[dict[str, int], NDArray[np.float32]]:
    """Embed each different text once; returns the row of each text, and the rows."""
    places = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    try:
        encoder = Encoder(model)
    except SettingsError as error:
        fail(str(error), 2)
    order = sorted(places, key=len)  # equal lengths together: a batch is as slow as its longest text
    vectors = np.zeros((len(places), encoder.dimensions), np.float32)
    with progress() as bar:
        for start in bar.track(range(0, len(order), CHUNK), description="embedding"):
            chunk = order[start : start + CHUNK]
            vectors[[places[text] for text in chunk]] = encoder.embed(chunk)
    return places, vectors


def progress() -> Progress:
    """Make a progress bar on standard error, which people see and programs do not."""
    screen = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=screen, disable=not screen.is_terminal, transient=True,
    )  # fmt: skip
