"""Trains the router that the package ships: `python -m benchmarks.train_router --data DIR`.

The same data gives the same bytes on the same machine. Vectors are kept in a file when one is named: embedding 17,000
texts is most of the work.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.routing import sources
from benchmarks.routing.vectors import embedded
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
    artefact = train(examples, vectors, name, name="minilm-3", attributions=sources.ATTRIBUTIONS)
    artefact.write(given.output)
    print(f"{given.output}: {given.output.stat().st_size:,} bytes, {len(examples):,} labelled queries")


if __name__ == "__main__":
    main()
