"""The trained router as a file: JSON, without pickle, and nothing in it runs.

It holds the weights, the encoder that they were trained with, what calibration measured, the fingerprint of the data,
the scores and the attributions that the data's licences ask for. A file that does not fit this program or this encoder
is refused with a sentence that says what does not fit.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workers.contracts.errors import SettingsError
from workers.contracts.routing import TASK_TYPES
from workers.routing.features import COUNT, NAMES
from workers.routing.network import Array, Network

FORMAT: Final = "thinkline-router"
VERSION: Final = 3  # 2: a difficulty for each kind of problem; 3: its limits and shares, too
DIGITS: Final = 5  # significant digits of a stored weight
MOST_BYTES: Final = 32 * 1024 * 1024
SHIPPED: Final = Path(__file__).parent / "artefacts" / "router.json"
CLASSES: Final = tuple((lane, task) for lane in ("reasoning", "standard") for task in TASK_TYPES)
THRESHOLD: Final = 0.22  # p from which a query goes to reasoning: a wrong answer costs more than some cents
DIFFICULTIES: Final = ("arithmetic", "mathematics", "code", "problem", "knowledge")  # the difficulty head's outputs
KNOWLEDGE: Final = DIFFICULTIES.index("knowledge")  # the others are kinds of problems to work out
_WORKED: Final = {name: name for name in DIFFICULTIES} | dict.fromkeys(("logic", "planning", "analysis"), "problem")
DIFFICULTY_OF: Final = tuple(  # of each task type: which output tells how hard a query of it is
    DIFFICULTIES.index(_WORKED.get(task, "knowledge")) for task in TASK_TYPES
)
_NUMBERS: Final = ("lane_ceiling", "slope", "offset")
_KINDS: Final = ("lane_limit", "difficulty_centre", "difficulty_spread", "difficulty_share")  # numbers a kind
FEATURES: Final = hashlib.sha256("\n".join(NAMES).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns scores into probabilities, and what a threshold costs.

    Attributes:
        lane_limit: for each of DIFFICULTIES, log-odds of the lane are held above minus this,
        lane_ceiling: and below this; it is lower, so that among problems it is their difficulty that orders them.
        difficulty_centre: for each of DIFFICULTIES, the value of the head that changes nothing; one value for all kinds
            of problems, so that a usual problem of a hard kind is harder than one of an easy kind.
        difficulty_spread: one standard deviation, in the same way.
        difficulty_share: for each of DIFFICULTIES, how much the difficulty moves the score at the most.
        slope: p = sigmoid(slope * score + offset).
        offset: see slope.
        sure: (constant, factor of |score|, factor of unfamiliarity): the log-odds that the lane is right.
        share: of queries that go to reasoning, rising.
        threshold: on p, for each share.
        quality: accuracy as a part of always-reasoning accuracy, for each share; empty when nothing was measured.
        measured_on: what the curve was measured on, in words.
    """

    lane_limit: tuple[float, ...] = (3.0,) * len(DIFFICULTIES)
    lane_ceiling: float = 3.0
    difficulty_centre: tuple[float, ...] = (0.0,) * len(DIFFICULTIES)
    difficulty_spread: tuple[float, ...] = (1.0,) * len(DIFFICULTIES)
    difficulty_share: tuple[float, ...] = (1.0,) * len(DIFFICULTIES)
    slope: float = 1.0
    offset: float = 0.0
    sure: tuple[float, float, float] = (0.0, 1.0, 1.0)
    share: tuple[float, ...] = (0.0, 1.0)
    threshold: tuple[float, ...] = (1.01, 0.0)
    quality: tuple[float, ...] = ()
    measured_on: str = ""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A trained router.

    Attributes:
        name: shown as `decided_by`.
        encoder: name of the encoder.
        encoder_fingerprint: of its weights, see `workers.encoding.encoder.fingerprint`.
        dimensions: of its vectors.
        mean: (dimensions + COUNT,) subtracted from the inputs.
        scale: (dimensions + COUNT,) the inputs are divided by it.
        lanes: outputs the log-odds of each of CLASSES.
        difficulty: outputs how much a reasoning model helps, for each of DIFFICULTIES.
        centres: (n, dimensions) directions that training knows; what is far from all of them is unfamiliar.
        calibration: see there.
        data: fingerprint, counts by source, attributions.
        scores: what evaluation measured.
    """

    name: str
    encoder: str
    encoder_fingerprint: str
    dimensions: int
    mean: Array
    scale: Array
    lanes: Network
    difficulty: Network
    centres: Array
    calibration: Calibration
    data: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)

    def with_scores(self, scores: dict[str, Any]) -> Artefact:
        """Return the same router with what evaluation measured."""
        return replace(self, scores=scores)

    def write(self, path: Path) -> None:
        """Write the file; the same router gives the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(self.text(), encoding="utf-8")
        partial.replace(path)  # a running worker never reads half a file

    def text(self) -> str:
        """Return the content of the file."""
        calibration = {name: getattr(self.calibration, name) for name in Calibration.__slots__}
        whole = {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "encoder": {"name": self.encoder, "fingerprint": self.encoder_fingerprint, "dimensions": self.dimensions},
            "features": {"count": COUNT, "fingerprint": FEATURES},
            "data": self.data,
            "scores": self.scores,
            "calibration": {key: _short(value) for key, value in calibration.items()},
            "mean": _short(self.mean),
            "scale": _short(self.scale),
            "lanes": {key: _short(value) for key, value in self.lanes.arrays().items()},
            "difficulty": {key: _short(value) for key, value in self.difficulty.arrays().items()},
            "centres": _short(self.centres),
        }
        return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in whole.items()) + "\n}\n"


def load(path: Path, encoder_fingerprint: str | None = None) -> Artefact:
    """Read a trained router.

    Args:
        path: of the file.
        encoder_fingerprint: of the encoder that will embed the queries; None skips the comparison.

    Raises:
        SettingsError: the file is missing, is no router, is of another version, holds wrong shapes or numbers, or was
            trained with another encoder.
    """
    where = f"the router's artefact {path.name}"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SettingsError(f"{where} is larger than {MOST_BYTES // 1024 // 1024} MiB")
        row = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{where} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{where} is no JSON") from error
    return parse(row, where, encoder_fingerprint)


def parse(row: Any, where: str, encoder_fingerprint: str | None = None) -> Artefact:
    """Check the content of a file and build the router; see `load`."""
    if not isinstance(row, dict) or row.get("format") != FORMAT:
        raise SettingsError(f"{where} is no router: its format is not {FORMAT}")
    if row.get("version") != VERSION:
        raise SettingsError(f"{where} has version {str(row.get('version'))[:20]}; this program reads version {VERSION}")
    try:
        found = _artefact(row)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SettingsError(f"{where} is damaged: {type(error).__name__} in {str(error)[:120]}") from error
    if encoder_fingerprint is not None and found.encoder_fingerprint != encoder_fingerprint:
        raise SettingsError(
            f"{where} was trained with another encoder ({found.encoder}, {found.encoder_fingerprint[:8]}…) than the one in"
            f" use ({encoder_fingerprint[:8]}…): set encoder.model to that one, or train again"
        )
    return found


def _artefact(row: dict[str, Any]) -> Artefact:
    if row["features"]["fingerprint"] != FEATURES or row["features"]["count"] != COUNT:
        raise ValueError("features: it was trained with other features than this program has; train again")
    dimensions = int(row["encoder"]["dimensions"])
    inputs = dimensions + COUNT
    scale = _array(row, "scale", (inputs,))
    if not (scale > 0).all():
        raise ValueError("scale: every number must be above 0")
    return Artefact(
        name=str(row["name"]),
        encoder=str(row["encoder"]["name"]),
        encoder_fingerprint=str(row["encoder"]["fingerprint"]),
        dimensions=dimensions,
        mean=_array(row, "mean", (inputs,)),
        scale=scale,
        lanes=_network(row["lanes"], inputs, len(CLASSES)),
        difficulty=_network(row["difficulty"], inputs, len(DIFFICULTIES)),
        centres=_array(row, "centres", (None, dimensions)),
        calibration=_calibration(row["calibration"]),
        data=dict(row["data"]),
        scores=dict(row["scores"]),
    )


def _network(row: dict[str, Any], inputs: int, outputs: int) -> Network:
    hidden = len(row["b1"])
    return Network(
        w1=_array(row, "w1", (inputs, hidden)),
        b1=_array(row, "b1", (hidden,)),
        w2=_array(row, "w2", (hidden, outputs)),
        b2=_array(row, "b2", (outputs,)),
        skip=_array(row, "skip", (inputs, outputs)),
    )


def _calibration(row: dict[str, Any]) -> Calibration:
    numbers = {name: _number(name, row[name]) for name in _NUMBERS}
    share, threshold, quality = (
        tuple(_number(name, value) for value in row[name]) for name in ("share", "threshold", "quality")
    )
    kinds = {name: tuple(_number(name, value) for value in row[name]) for name in _KINDS}
    constant, factor, unfamiliar = (_number("sure", value) for value in row["sure"])
    if len(share) != len(threshold) or len(share) < 2 or (quality and len(quality) != len(share)):
        raise ValueError("calibration: share, threshold and quality must be of one length")
    if any(len(values) != len(DIFFICULTIES) for values in kinds.values()):
        raise ValueError(f"calibration: {', '.join(_KINDS)} must have {len(DIFFICULTIES)} numbers")
    if list(share) != sorted(share) or min(kinds["difficulty_spread"]) <= 0 or numbers["slope"] <= 0:
        raise ValueError("calibration: share must rise, and difficulty_spread and slope must be above 0")
    return Calibration(
        lane_limit=kinds["lane_limit"],
        lane_ceiling=numbers["lane_ceiling"],
        difficulty_centre=kinds["difficulty_centre"],
        difficulty_spread=kinds["difficulty_spread"],
        difficulty_share=kinds["difficulty_share"],
        slope=numbers["slope"],
        offset=numbers["offset"],
        sure=(constant, factor, unfamiliar),
        share=share,
        threshold=threshold,
        quality=quality,
        measured_on=str(row["measured_on"]),
    )


def _array(row: dict[str, Any], name: str, shape: tuple[int | None, ...]) -> NDArray[np.float32]:
    found = np.asarray(row[name], np.float32)
    if found.ndim != len(shape):
        found = found.reshape([size if size is not None else -1 for size in shape])  # an array of no rows
    if any(wanted is not None and size != wanted for size, wanted in zip(found.shape, shape, strict=True)):
        raise ValueError(f"{name}: its shape is {found.shape}, not {shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name}: it holds a number that is not finite")
    return found


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name}: it must be a finite number")
    return float(value)


def _short(value: Any) -> Any:
    """Write numbers with DIGITS significant digits; arrays become lists."""
    if isinstance(value, np.ndarray):
        return _short(value.tolist())
    if isinstance(value, list | tuple):
        return [_short(item) for item in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
