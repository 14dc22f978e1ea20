"""Trains the router that the package ships: `python -m benchmarks.train_router --data DIR`.

The same data gives the same bytes on the same machine. Vectors are kept in a file when one is named: embedding 17,000
texts is most of the work.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing import sources
from workers.encoding.encoder import Encoder
from workers.routing.artefact import SHIPPED
from workers.routing.training import EncoderName, train


def main() -> None:
    """Train and write the artefact."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True, help="folder with the router's data (*.jsonl.gz)")
    asked.add_argument("--vectors", type=Path, help="keep vectors in this .npz file and read them from there")
    asked.add_argument("--output", type=Path, default=SHIPPED)
    given = asked.parse_args()
    encoder = Encoder()
    examples = sources.trainable(sources.everything(given.data))
    vectors = embedded([one.text for one in examples], encoder, given.vectors)
    name = EncoderName(encoder.name, encoder.fingerprint)
    artefact = train(examples, vectors, name, name="minilm-1", attributions=sources.ATTRIBUTIONS)
    artefact.write(given.output)
    print(f"{given.output}: {given.output.stat().st_size:,} bytes, {len(examples):,} labelled queries")


def embedded(texts: Sequence[str], encoder: Encoder, kept: Path | None) -> NDArray[np.float32]:
    """Embed texts, short ones together; with a file, only those that it does not hold."""
    known = _read(kept, encoder.fingerprint)
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    ordered = sorted(missing, key=lambda key: len(missing[key]))
    for begin in range(0, len(ordered), 256):
        part = ordered[begin : begin + 256]
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


if __name__ == "__main__":
    main()
