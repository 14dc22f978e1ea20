"""The data of the router: sources measured by others, and the labels of `benchmarks/data/routing`.

Every source becomes labelled queries with a lane, a task type, a group within the source and a weight. The README of
`benchmarks/data/routing` says how the labels came about, and `docs/router.md` what is trained on what.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.routing.examples import Example, near_duplicate_key

LABELS = Path(__file__).parent.parent / "data" / "routing"
MOST_MMLU = 1_500  # RouteLLM's MMLU labels that may be trained on; the rest evaluates
REASONING_LEVEL = 4  # of MATH: from here on
STANDARD_MODEL, REASONING_MODEL = "gpt-4o-mini-2024-07-18", "o1-mini-2024-09-12"
WEAK_MODELS = (
    STANDARD_MODEL,
    "gpt-4o-2024-08-06",
    "llama-3.1-8b",
)  # whose failures together tell how hard a problem is
ATTRIBUTIONS = (
    "Natural Questions (nq_open), Google, CC BY-SA 3.0",
    "CLINC150, Larson et al. 2019, CC BY 3.0",
    "BANKING77, PolyAI, CC BY 4.0",
    "GSM8K, OpenAI, MIT",
    "MATH (MATH-500), Hendrycks et al. 2021, MIT",
    "BIG-Bench-Hard, Suzgun et al. 2022, MIT",
    "ZeroEval, WildEval, Apache-2.0 (GSM8K, MATH level 5 and CRUXEval, MIT)",
    "RouteLLM, lm-sys, Apache-2.0 (MMLU and GSM8K, MIT)",
    "Arena-Hard-Auto v0.1, lmarena, Apache-2.0; labels by this project",
)
WEIGHTS = {
    "arena": 4.0, "written_c": 4.0, "written_d": 4.0, "written_e": 4.0, "written_forms": 4.0, "written_forms_e": 4.0, "bbh": 4.0,
    "math500": 0.7, "gsm8k": 0.7, "measured": 1.0, "nq": 0.7, "clinc": 0.8, "banking": 0.5, "mmlu": 1.0, "routellm_gsm8k": 0.1,
}  # fmt: skip
MOST_ROWS = {"nq": 2_500, "clinc": 3_500, "banking": 2_000, "gsm8k": 1_500}


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read one file of the data folder."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def labels(name: str) -> list[dict[str, Any]]:
    """Read one file of the project's own labels."""
    with (LABELS / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def key(text: str) -> str:
    """Name a prompt as the label files do."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def everything(folder: Path) -> list[Example]:
    """Read all sources, in a fixed order."""
    found = [
        *arena(folder),
        *written("c"),
        *written("d"),
        *written("forms"),
        *written("e"),
        *written("forms_e"),
        *bbh(folder),
        *math500(folder),
        *plain(folder, "gsm8k", "gsm8k", "arithmetic"),
        *measured(folder),
        *plain(folder, "nq_open", "nq", "lookup"),
        *plain(folder, "clinc150", "clinc", "everyday"),
        *plain(folder, "banking77", "banking", "everyday"),
        *routellm(folder, "routellm_gsm8k"),
        *routellm(folder, "routellm_mmlu"),
    ]
    return [replace(one, weight=WEIGHTS.get(one.source, 1.0)) for one in found]


def trainable(examples: Sequence[Example]) -> list[Example]:
    """Leave out what evaluates only: RouteLLM's MMLU labels beyond the first MOST_MMLU by hash."""
    mmlu = sorted((one for one in examples if one.source == "mmlu"), key=lambda one: key(one.text))[:MOST_MMLU]
    kept = {one.text for one in mmlu}
    return [one for one in examples if one.source != "mmlu" or one.text in kept]


def without_near_duplicates(examples: Iterable[Example], of: Iterable[Example]) -> list[Example]:
    """Remove what is nearly equal to a query that will evaluate."""
    held = {near_duplicate_key(one.text) for one in of}
    return [one for one in examples if near_duplicate_key(one.text) not in held]


def arena(folder: Path) -> list[Example]:
    """Real prompts of Arena-Hard v0.1 with this project's labels."""
    told = {row["id"]: row for row in labels("arena")}
    return [_labelled("arena", row["question"], told[key(row["question"])]) for row in rows(folder, "arena_hard_v0.1")]


def written(by: str) -> list[Example]:
    """Prompts written for this project, with their labels."""
    return [_labelled(f"written_{by}", row["input"], row) for row in labels(f"written_{by}")]


def _labelled(source: str, text: str, row: dict[str, Any]) -> Example:
    label = float(row["label"] == "reasoning")
    return Example(
        text=text,
        instructions=row.get("instructions"),
        label=label,
        task_type=row["task_type"],
        source=source,
        group=row.get("form") or f"{row['task_type']} {row['label']}",
    )


def bbh(folder: Path) -> list[Example]:
    """Tasks of BIG-Bench-Hard: reasoning."""
    return [
        Example(text=row["question"], label=1.0, task_type="logic", source="bbh", group=row["task"])
        for row in rows(folder, "bbh")
    ]


def math500(folder: Path) -> list[Example]:
    """Problems of MATH: reasoning from level 4, open at level 3, standard below."""
    lane = {1: 0.2, 2: 0.2, 3: 0.5, 4: 1.0, 5: 1.0}
    return [
        Example(
            text=row["question"],
            label=lane[int(row["level"])],
            task_type="mathematics",
            source="math500",
            group=f"level {int(row['level'])}",
        )
        for row in rows(folder, "math500")
    ]


def plain(folder: Path, file: str, source: str, task: str) -> list[Example]:
    """Requests of a source that a standard model serves."""
    texts = sorted((row["question"] for row in rows(folder, file)), key=key)[: MOST_ROWS[source]]
    return [Example(text=text, label=0.0, task_type=task, source=source) for text in texts]


def measured(folder: Path) -> list[Example]:
    """Problems that reasoning and standard models answered; those of GSM8K were answered by RouteLLM's two models, too."""
    lane = {"gsm": (0.0, "arithmetic"), "math-l5": (1.0, "mathematics"), "crux": (1.0, "code")}
    more = {near_duplicate_key(row["question"]): row for row in rows(folder, "routellm_gsm8k")}
    return [
        Example(
            text=row["question"],
            label=lane[row["dataset"]][0],
            standard=float(row["correct"][STANDARD_MODEL]),
            reasoning=float(row["correct"][REASONING_MODEL]),
            difficulty=_failed(row, more.get(near_duplicate_key(row["question"]))),
            task_type=lane[row["dataset"]][1],
            source="measured",
            group=row["dataset"],
        )
        for row in rows(folder, "measured_reasoning_vs_standard")
    ]


def _failed(row: dict[str, Any], more: dict[str, Any] | None) -> float:
    """Return the share of the models without reasoning that were wrong; each tells something about the problem."""
    right = [row["correct"][model] for model in WEAK_MODELS]
    if more is not None:
        right += [more["weak_correct"], more["strong_correct"]]
    return 1.0 - float(sum(right)) / len(right)


def routellm(folder: Path, file: str) -> list[Example]:
    """Questions that a weak (Mixtral 8x7B) and a strong model (GPT-4) answered."""
    source = "mmlu" if file.endswith("mmlu") else file
    return [
        Example(
            text=row["question"],
            label=0.0,
            standard=float(row["weak_correct"])
            if source == "mmlu"
            else None,  # the GSM8K problems are in `measured`, too
            reasoning=float(row["strong_correct"]) if source == "mmlu" else None,
            task_type="lookup" if source == "mmlu" else "arithmetic",
            source=source,
            group=row.get("domain", "gsm"),
        )
        for row in rows(folder, file)
    ]
