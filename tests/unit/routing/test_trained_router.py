"""The trained router: what it decides, what it says, what it refuses, and that training repeats itself."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.routing import small
from workers.contracts.errors import SettingsError
from workers.contracts.routing import TASK_TYPES, Query
from workers.routing.artefact import DIFFICULTIES, SHIPPED, Artefact, Calibration, load, parse
from workers.routing.examples import Example
from workers.routing.features import matrix
from workers.routing.policy import Policy
from workers.routing.router import TrainedRouter
from workers.routing.scoring import Scores, scores
from workers.routing.training import train


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    """A small trained router."""
    return small.trained()


def decide(artefact: Artefact, query: Query, policy: Policy | None = None, vector: np.ndarray | None = None):
    """Decide one query with some vector."""
    at = small.vectors(1, seed=5) if vector is None else vector
    (found,) = TrainedRouter(artefact, policy).decide([query], at)
    return found


def test_training_twice_gives_the_same_bytes(artefact: Artefact) -> None:
    """Nothing in training depends on anything but the rows."""
    assert small.trained().text() == artefact.text()


def test_another_row_gives_another_fingerprint(artefact: Artefact) -> None:
    """The fingerprint follows the data and not its order."""
    rows = small.examples()
    turned = train(rows[::-1], small.vectors(len(rows)), small.ENCODER, name="x", recipe=small.RECIPE)
    fewer = train(rows[:-2], small.vectors(len(rows) - 2), small.ENCODER, name="x", recipe=small.RECIPE)
    assert turned.data["fingerprint"] == artefact.data["fingerprint"] != fewer.data["fingerprint"]


def test_it_learns_what_differs(artefact: Artefact) -> None:
    """Problems of the forms it was trained on go to reasoning, the others do not."""
    hard = decide(artefact, Query("Prove that 5 divides n^2 + 3 for infinitely many n."), Policy(floor=0))
    easy = decide(artefact, Query("Who was king number 4 of country 9?"), Policy(floor=0))
    assert hard.lane == "reasoning"
    assert easy.lane == "standard"
    assert easy.decided_by == "small-1"


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=300), instructions=st.none() | st.text(max_size=80))
def test_every_query_gets_a_whole_decision(artefact: Artefact, text: str, instructions: str | None) -> None:
    """Whatever is asked, the numbers are probabilities, the lane follows, and the same query gets the same decision."""
    query = Query(text, instructions)
    found = decide(artefact, query, Policy(floor=0))
    assert 0 <= found.p_reasoning <= 1
    assert 0 <= found.confidence <= 1
    assert found.task_type in TASK_TYPES
    assert found == decide(artefact, query, Policy(floor=0))


def test_the_reason_never_quotes_the_query(artefact: Artefact) -> None:
    """A marker in query, instructions and history is not in what is said about them."""
    query = Query("Prove zebra4711 with $zebra4711$", "zebra4711 step by step", ("zebra4711 theorem",))
    assert "zebra4711" not in decide(artefact, query).model_dump_json()


def test_a_short_follow_up_is_as_hard_as_what_it_follows() -> None:
    """`and for seven?` after a hard turn is harder than after an easy one and than alone."""
    shipped = load(SHIPPED)
    vector = np.zeros((1, shipped.dimensions), np.float32)
    vector[0, 0] = 1

    def p(history: tuple[str, ...]) -> float:
        return decide(shipped, Query("and for seven?", None, history), Policy(floor=0), vector).p_reasoning

    hard = p(("Prove that $n^5 - n$ is divisible by 30 for all integers $n$.", "By Fermat, ..."))
    assert hard > 0.5
    assert hard > p(("What is the capital of France?", "Paris."))


def test_a_strange_vector_lowers_the_confidence(artefact: Artefact) -> None:
    """Far from all that training knows, the router is less sure of the same p."""
    near = artefact.centres[:1]
    far = -artefact.centres.mean(axis=0, keepdims=True)
    far /= np.linalg.norm(far)
    from workers.routing import scoring

    score = np.array([2.0], np.float32)
    p = scoring.probability(score, artefact.calibration)
    strange = [1 - (vector @ artefact.centres.T).max(axis=1) for vector in (near, far)]
    calibration = artefact.calibration.__class__(sure=(1.0, 1.0, 2.0))
    sure = [scoring.confidence(p, one, calibration)[0] for one in strange]
    assert sure[1] < sure[0]


def test_below_the_floor_the_policy_decides(artefact: Artefact) -> None:
    """With a floor that nothing reaches, every query goes where the policy says, and the reason says so."""
    easy = Query("Who was king number 4 of country 9?")
    for lane in ("reasoning", "standard"):
        found = decide(artefact, easy, Policy(floor=1.0, unsure=lane))
        assert found.lane == lane
        assert "not sure enough" in found.reason


def test_vectors_that_do_not_fit_are_refused(artefact: Artefact) -> None:
    """A vector too few, or of another length, is an error and no decision."""
    router = TrainedRouter(artefact)
    with pytest.raises(ValueError, match="shape"):
        router.decide([Query("a")], small.vectors(2))
    with pytest.raises(ValueError, match="shape"):
        router.decide([Query("a")], np.ones((1, 3), np.float32))
    assert router.decide([], np.zeros((0, small.DIMENSIONS), np.float32)) == []


def test_a_file_reads_back_as_it_was(artefact: Artefact, tmp_path) -> None:
    """What is written is read, decides the same, and is written the same again."""
    path = tmp_path / "router.json"
    artefact.write(path)
    again = load(path, small.ENCODER.fingerprint)
    assert again.text() == path.read_text()
    query = Query("Prove that 5 divides n^2 + 3")
    assert decide(again, query).p_reasoning == pytest.approx(decide(artefact, query).p_reasoning, abs=2e-3)


def test_another_encoder_is_refused(artefact: Artefact, tmp_path) -> None:
    """Vectors of another encoder mean something else."""
    path = tmp_path / "router.json"
    artefact.write(path)
    with pytest.raises(SettingsError, match="another encoder"):
        load(path, "0" * 32)


DAMAGE = {
    "format": ({"format": "pickle"}, "no router"),
    "version": ({"version": 99}, "version 99"),
    "scale": ({"scale": [0.0]}, "damaged"),
    "mean": ({"mean": [1.0, 2.0]}, "damaged"),
    "centres": ({"centres": [[1.0]]}, "damaged"),
    "lanes": ({"lanes": {}}, "damaged"),
    "features": ({"features": {"count": 1, "fingerprint": "x"}}, "damaged"),
    "calibration": ({"calibration": {"slope": "big"}}, "damaged"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_refused(artefact: Artefact, name: str) -> None:
    """Every part is checked before anything is decided with it."""
    change, said = DAMAGE[name]
    row = {**json.loads(artefact.text()), **change}
    with pytest.raises(SettingsError, match=said):
        parse(row, "it")


def test_a_number_that_is_none_is_refused(artefact: Artefact) -> None:
    """NaN would send every comparison the same way."""
    row = json.loads(artefact.text())
    row["lanes"]["b2"][0] = float("nan")
    with pytest.raises(SettingsError, match="finite"):
        parse(row, "it")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_something_else_is_refused(tmp_path, content: bytes) -> None:
    """No file makes loading raise anything but what the user can read."""
    path = tmp_path / "router.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"router\.json"):
        load(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "missing.json")


def test_own_lines_move_the_shipped_router(artefact: Artefact) -> None:
    """A few own lines, without task types, change what is decided of queries like them, and little else."""
    rows = [small.Example(text=f"Please restock shelf {at} in hall B", label=1.0, source="own") for at in range(60)]
    rows += [small.Example(text=f"Please water plant {at}", label=0.0, source="own") for at in range(60)]
    made = train(rows, small.vectors(len(rows), seed=9), small.ENCODER, name="own-1", prior=artefact)
    query = Query("Please restock shelf 77 in hall B")
    assert decide(made, query).p_reasoning > decide(artefact, query).p_reasoning
    assert made.data["started_from"] == artefact.data["fingerprint"]


def test_among_problems_difficulty_orders_and_not_the_lane() -> None:
    """Once it is plain that a query is a problem, how plain it is counts no more, and how hard it is does."""
    calibration = Calibration(lane_limit=(1.0,) * 5, lane_ceiling=0.5, difficulty_share=(0.6,) * 5)
    code = np.eye(len(TASK_TYPES), dtype=np.float32)[[TASK_TYPES.index("code")] * 3]
    hard = np.zeros((3, len(DIFFICULTIES)), np.float32)
    hard[:, DIFFICULTIES.index("code")] = (0.0, 0.0, 1.0)
    nothing = np.zeros((3, 0), np.float32)
    lane = np.array([9.0, 0.6, 0.6], np.float32)
    score = Scores(nothing, lane, hard, code, np.zeros(3, np.float32)).score(calibration)
    assert score[0] == score[1] < score[2]


def test_each_kind_has_its_own_limit_and_share() -> None:
    """A plain fact is held higher than a plain sum, and its difficulty moves it less."""
    calibration = Calibration(lane_limit=(1.2,) * 4 + (0.8,), difficulty_share=(0.6,) * 4 + (0.2,))
    tasks = np.eye(len(TASK_TYPES), dtype=np.float32)[
        [TASK_TYPES.index(task) for task in ("arithmetic", "arithmetic", "lookup", "lookup")]
    ]
    hard = np.full((4, len(DIFFICULTIES)), 100.0, np.float32)
    hard[[0, 2]] = 0.0
    nothing = np.zeros((4, 0), np.float32)
    plain = np.full(4, -9.0, np.float32)
    score = Scores(nothing, plain, hard, tasks, np.zeros(4, np.float32)).score(calibration)
    assert score == pytest.approx([-1.2, -0.6, -0.8, -0.6])


def test_each_kind_of_problem_has_its_own_difficulty() -> None:
    """Where the standard model always fails on code and never on mathematics, code is the harder kind."""
    rows = [
        Example(
            text=text.format(at, at + 7),
            label=1.0,
            standard=float(kind == "mathematics"),
            reasoning=1.0,
            task_type=kind,
        )
        for at in range(20)
        for kind, text in zip(("mathematics", "code"), small.HARD, strict=True)
    ] + [one for one in small.examples() if not one.label]
    found = train(rows, small.vectors(len(rows)), small.ENCODER, name="x", recipe=small.RECIPE)
    seen = scores(found, small.vectors(len(rows)), matrix([(one.text, None) for one in rows])).difficulty
    mathematics, code = (
        np.mean([seen[at, DIFFICULTIES.index(kind)] for at, one in enumerate(rows) if one.task_type == kind])
        for kind in ("mathematics", "code")
    )
    assert code > mathematics + 0.5
