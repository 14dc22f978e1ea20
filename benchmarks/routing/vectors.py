"""Vectors of many texts, kept in a file: embedding them is most of the work of training and evaluating."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.encoding.encoder import Encoder

PART = 256


def embedded(texts: Sequence[str], encoder: Encoder, kept: Path | None) -> NDArray[np.float32]:
    """Embed texts, those of one length together; with a file, only those that it does not hold."""
    known = _read(kept, encoder.fingerprint)
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    ordered = sorted(missing, key=lambda key: len(missing[key]))
    for begin in range(0, len(ordered), PART):
        part = ordered[begin : begin + PART]
        known.update(zip(part, encoder.embed([missing[key] for key in part]), strict=True))
    if kept and missing:
        np.savez(kept, keys=np.array(list(known)), vectors=np.stack(list(known.values())), encoder=encoder.fingerprint)
    return np.stack([known[key] for key in keys])


def _read(kept: Path | None, fingerprint: str) -> dict[str, NDArray[np.float32]]:
    if kept is None or not kept.exists():
        return {}
    with np.load(kept) as file:
        if str(file["encoder"]) != fingerprint:
            return {}
        return dict(zip(file["keys"].tolist(), file["vectors"], strict=True))
