"""What the router is worth, on data held out by source: `python -m benchmarks.router --data DIR`.

Prints, with 95 % bootstrap intervals over groups of near-duplicates: the right lane by source with whole sources left
out, beside six baselines; APGR, CPT(50), CPT(80), reasoning calls and dollars saved on measured answers; RouteLLM's MMLU
labels with 1,500 of them trained on; calibration error; and what a decision costs. Every model that is scored here is
trained without what it is scored on, near-duplicates removed; the shipped artefact is only timed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.routing import cost, lanes, quality, sources
from benchmarks.routing.agreement import show_agreement
from benchmarks.routing.vectors import embedded
from workers.encoding.encoder import Encoder
from workers.routing.features import matrix
from workers.routing.training import EncoderName, Recipe, Rows


def main() -> None:
    """Print everything."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True, help="folder with the router's data (*.jsonl.gz)")
    asked.add_argument("--vectors", type=Path, help="keep vectors in this .npz file and read them from there")
    asked.add_argument("--only", choices=["agreement", "lanes", "quality", "cost"], help="print one part")
    given = asked.parse_args()
    if given.only in {None, "agreement"}:
        show_agreement()
    if given.only == "agreement":
        return
    encoder = Encoder()
    if given.only in {None, "lanes", "quality"}:
        examples = sources.everything(given.data)
        vectors = embedded([one.text for one in examples], encoder, given.vectors)
        counts = matrix([(one.text, one.instructions) for one in examples])
        rows = Rows(examples, np.asarray(vectors, np.float32), counts)
        name = EncoderName(encoder.name, encoder.fingerprint)
        recipe = Recipe(networks=1)
        if given.only != "quality":
            lanes.show(rows, recipe, name)
            lanes.show_forms(rows, recipe, name)
        if given.only != "lanes":
            quality.show(rows, recipe, name, given.data)
    if given.only in {None, "cost"}:
        cost.show(encoder, given.data)


if __name__ == "__main__":
    main()
