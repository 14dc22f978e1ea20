"""The trained router: decides a batch of embedded queries, purely and in well under a millisecond each.

It reads the vector of a query (embedded once a job and shared with the cache), the form of the query and of its
instructions, and for a short follow-up ("and for seven?") the form of the turns before it. What it decides from, and
what it does not know, is in `scoring.py`; what the user wishes is in `policy.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from workers.contracts.routing import Query, RouteDecision, TaskType
from workers.routing import reasons, scoring
from workers.routing.artefact import Artefact
from workers.routing.features import matrix
from workers.routing.policy import Lane, Policy

FOLLOW_UP_CHARS: Final = 120  # a longer query says itself what it asks
LOOKED_BACK_TURNS: Final = 4
CARRIED: Final = 0.8  # of the score of an earlier turn


class TrainedRouter:
    """Decides by a trained artefact under a policy.

    Args:
        artefact: see `workers.routing.artefact.load`.
        policy: what the user wishes.

    Raises:
        SettingsError: the policy asks for what the artefact's calibration did not measure.
    """

    def __init__(self, artefact: Artefact, policy: Policy | None = None) -> None:
        self.artefact = artefact
        self.policy = policy or Policy()
        self.threshold = self.policy.threshold(artefact)
        self.name = artefact.name

    def decide(self, queries: Sequence[Query], vectors: NDArray[np.float32]) -> list[RouteDecision]:
        """Decide several queries; deterministic, and no reason quotes its query.

        Args:
            queries: what to decide.
            vectors: (queries, dimensions), of the query texts, each of length one.

        Raises:
            ValueError: the vectors do not fit the queries or the artefact.
        """
        if vectors.shape != (len(queries), self.artefact.dimensions):
            raise ValueError(f"vectors have shape {vectors.shape}, not {(len(queries), self.artefact.dimensions)}")
        if not queries:
            return []
        found = scoring.scores(self.artefact, vectors, matrix([(query.text, query.instructions) for query in queries]))
        calibration = self.artefact.calibration
        score = found.score(calibration)
        before = np.array([self._before(query) for query in queries], np.float32)
        carried = before > score
        score = np.where(carried, before, score)
        p = scoring.probability(score, calibration)
        sure = scoring.confidence(p, found.strangeness, calibration, self.threshold)
        moved = reasons.moves(self.artefact.lanes, found.inputs)
        tasks = found.tasks.argmax(axis=1)
        return [
            self._decision(float(p[at]), float(sure[at]), int(tasks[at]), moved[at], follows=bool(carried[at]))
            for at in range(len(queries))
        ]

    def _decision(
        self, p: float, sure: float, task: int, moved: NDArray[np.float32], *, follows: bool
    ) -> RouteDecision:
        lane: Lane = "reasoning" if p >= self.threshold else "standard"
        kind: TaskType = get_args(TaskType)[task]
        said = reasons.reason(kind, lane, moved, self.artefact.dimensions)
        if follows:
            said = f"a short follow-up to a demanding turn; it {said}"
        if sure < self.policy.floor:
            lane = self.policy.unsure
            said = f"not sure enough, so the policy sends it to {lane}; it {said}"
        return RouteDecision(
            lane=lane,
            p_reasoning=round(p, 4),
            confidence=round(sure, 4),
            task_type=kind,
            reason=said,
            decided_by=self.name,
        )

    def _before(self, query: Query) -> float:
        """Score the hardest of the turns that a short follow-up goes on from; minus infinity when there is none."""
        if not query.history or len(query.text) > FOLLOW_UP_CHARS:
            return -np.inf
        turns = scoring.structural(self.artefact, query.history[-LOOKED_BACK_TURNS:])
        hardest = float(turns.score(self.artefact.calibration).max())
        return hardest * CARRIED if hardest > 0 else -np.inf
