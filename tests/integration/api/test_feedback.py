"""What a job's owner says of its answer, over HTTP on a real Redis."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.playing import FAILURE, SUCCESS, play
from workers.settings import Settings

ASKED = {"input": "What is the capital of France?", "instructions": "Be short."}


def answered(http: httpx.Client, app: Settings, **body: Any) -> str:
    """Submit a job and answer it."""
    job_id: str = http.post("/v1/jobs", json={**ASKED, **body}).json()["id"]
    play(app, job_id, SUCCESS)
    return job_id


def test_feedback_is_kept_with_the_job_and_the_last_word_counts(http: httpx.Client, app: Settings) -> None:
    """It shows in the job; a second one replaces the first."""
    job_id = answered(http, app)
    first = http.post(f"/v1/jobs/{job_id}/feedback", json={"correct": True})
    assert first.status_code == 200
    assert first.json()["feedback"] == {"correct": True, "needs_reasoning": None, "comment": None}
    http.post(f"/v1/jobs/{job_id}/feedback", json={"correct": False, "needs_reasoning": True, "comment": "no"})
    assert http.get(f"/v1/jobs/{job_id}").json()["feedback"] == {
        "correct": False, "needs_reasoning": True, "comment": "no",
    }  # fmt: skip


def test_a_wrong_answer_is_not_served_again_also_when_a_hit_was_judged(http: httpx.Client, app: Settings) -> None:
    """The entry behind a hit goes, and the next submission is answered anew; a right one stays."""
    job_id = answered(http, app)
    hit = http.post("/v1/jobs", json=ASKED)
    assert hit.status_code == 200
    http.post(f"/v1/jobs/{job_id}/feedback", json={"correct": True})
    assert http.post("/v1/jobs", json=ASKED).status_code == 200
    assert http.post(f"/v1/jobs/{hit.json()['id']}/feedback", json={"correct": False}).status_code == 200
    assert http.post("/v1/jobs", json=ASKED).status_code == 202


def test_an_answer_given_since_then_stays(http: httpx.Client, app: Settings) -> None:
    """Feedback on an old answer does not take away the one that replaced it."""
    old = answered(http, app)
    answered(http, app, cache="refresh")
    http.post(f"/v1/jobs/{old}/feedback", json={"correct": False})
    assert http.post("/v1/jobs", json=ASKED).status_code == 200


def test_a_job_without_an_answer_cannot_be_judged(http: httpx.Client, app: Settings) -> None:
    """Queued and failed jobs give 409; an unknown one 404."""
    job_id = http.post("/v1/jobs", json=ASKED).json()["id"]
    assert http.post(f"/v1/jobs/{job_id}/feedback", json={"correct": True}).status_code == 409
    play(app, job_id, FAILURE)
    refused = http.post(f"/v1/jobs/{job_id}/feedback", json={"correct": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert http.post(f"/v1/jobs/job_{'0' * 32}/feedback", json={"correct": True}).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "correct"),
        ({"correct": "perhaps"}, "correct"),
        ({"correct": True, "coment": "x"}, "coment"),
        ({"correct": True, "comment": "x" * 2_001}, "comment"),
    ],
)
def test_feedback_that_does_not_fit_is_refused_by_name(
    http: httpx.Client, app: Settings, body: dict[str, Any], field: str
) -> None:
    """The field is named."""
    refused = http.post(f"/v1/jobs/{answered(http, app)}/feedback", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


def test_the_request_is_given_back_only_when_asked_for(http: httpx.Client, app: Settings) -> None:
    """As it was submitted, to its owner."""
    job_id = answered(http, app)
    assert http.get(f"/v1/jobs/{job_id}").json()["request"] is None
    assert http.get(f"/v1/jobs/{job_id}?include=request").json()["request"] == ASKED
    assert http.get(f"/v1/jobs/{job_id}?include=everything").status_code == 422


def test_feedback_that_is_no_boolean_is_refused(http: httpx.Client, app: Settings) -> None:
    """`0` is not `false`: the document says so, and a number may have meant a mark."""
    job_id = answered(http, app)
    for wrong in ({"correct": 1}, {"correct": True, "needs_reasoning": 0}, {"correct": "yes"}):
        assert http.post(f"/v1/jobs/{job_id}/feedback", json=wrong).status_code == 422
