"""The OpenAPI document says what the API does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from api import answers, cached
from api.app import create_app
from api.routes import submission
from workers.contracts.audit import CacheAudit
from workers.contracts.caching import CacheEntryDetail, CachePage, CacheRemoved
from workers.contracts.events import DATA
from workers.contracts.job import Job, JobEvent
from workers.contracts.request import JobRequest
from workers.settings import ApiKey, Settings


def made(**settings: Any) -> dict[str, Any]:
    """The document of an app."""
    return create_app(Settings(_env_file=None, **settings)).openapi()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document of a keyless app."""
    return made(api={"max_wait_s": 25, "page_limit": 7})


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its name."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def test_every_route_is_described(document: dict[str, Any]) -> None:
    """All of them, each with words, a good answer and examples or a model for it; the page is none of them."""
    found = dict(operations(document))
    assert sorted(found) == [
        "DELETE /v1/cache",
        "DELETE /v1/cache/{entry}",
        "DELETE /v1/webhooks/{endpoint_id}",
        "GET /healthz",
        "GET /metrics",
        "GET /readyz",
        "GET /v1/cache",
        "GET /v1/cache/audit",
        "GET /v1/cache/{entry}",
        "GET /v1/expectations",
        "GET /v1/failures",
        "GET /v1/jobs",
        "GET /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/events",
        "GET /v1/models",
        "GET /v1/router",
        "GET /v1/usage",
        "GET /v1/webhooks",
        "GET /v1/webhooks/deliveries",
        "GET /v1/webhooks/deliveries/{delivery_id}",
        "GET /v1/webhooks/{endpoint_id}",
        "POST /v1/jobs",
        "POST /v1/jobs/{job_id}/cancel",
        "POST /v1/jobs/{job_id}/feedback",
        "POST /v1/jobs/{job_id}/retry",
        "POST /v1/webhooks",
        "POST /v1/webhooks/deliveries/{delivery_id}/resend",
        "POST /v1/webhooks/secret/rotate",
        "POST /v1/webhooks/{endpoint_id}/enable",
    ]
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        good = [
            answer for status, answer in operation["responses"].items() if status.startswith("2") and status != "204"
        ]
        media = "text/plain" if name == "GET /metrics" else "application/json"
        assert all(answer["content"][media]["schema"] for answer in good), name


def test_every_route_names_its_problems(document: dict[str, Any]) -> None:
    """Problems have their media type; probes need no key and have none."""
    for name, operation in operations(document):
        problems = {status for status in operation["responses"] if status[0] in "45"}
        if name in ("GET /healthz", "GET /readyz"):
            assert operation["security"] == []
            continue
        away = set() if name == "GET /metrics" else {"503"}  # it says that the store is away
        assert problems >= {"401", "403"} | away, name
        for status in problems:
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"], (name, status)
    assert "Retry-After" in document["paths"]["/v1/jobs"]["post"]["responses"]["429"]["headers"]


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    """No schema is named that is not there, and none of the framework's own is left."""
    schemas = document["components"]["schemas"]
    for part in json.dumps(document).split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas
    assert "HTTPValidationError" not in schemas


def test_limits_come_from_the_settings(document: dict[str, Any]) -> None:
    """What a caller reads is what this installation allows."""

    def most(path: str, name: str) -> float:
        parameters = document["paths"][path]["get"]["parameters"]
        return next(part["schema"]["maximum"] for part in parameters if part["name"] == name)

    assert most("/v1/jobs/{job_id}", "wait") == 25
    for path in ("/v1/jobs", "/v1/cache", "/v1/webhooks/deliveries"):
        assert most(path, "limit") == 7, path


def test_keys_are_asked_for_where_there_are_some(document: dict[str, Any]) -> None:
    """A keyless API says that it needs none."""
    assert document["security"] == [{}]
    keyed = made(api_keys=[ApiKey(sha256="0" * 64, tenant="a")])
    assert keyed["security"] == [{"bearer": []}, {"key": []}]
    assert set(keyed["components"]["securitySchemes"]) == {"bearer", "key"}


@pytest.mark.parametrize("body", [submission.SHORT, submission.SCHEMA, submission.CHAT])
def test_examples_of_requests_are_requests(document: dict[str, Any], body: dict[str, Any]) -> None:
    """They pass the model, and the schema that the document shows for it."""
    JobRequest.model_validate_json(json.dumps(body))
    schema = {**document["components"]["schemas"]["JobRequest"], "components": document["components"]}
    jsonschema_rs.validator_for(schema, offline=True).validate(body)


@pytest.mark.parametrize(
    "job", [answers.RUNNING, answers.SUCCEEDED, answers.HIT, answers.FELL_BACK, answers.CANCELLED, answers.AGAIN]
)
def test_examples_of_jobs_are_jobs(job: dict[str, Any]) -> None:
    """They have no field that a job does not have."""
    Job.model_validate(job)


def test_examples_of_cache_entries_are_cache_entries() -> None:
    """They pass their models."""
    CachePage.model_validate(cached.PAGE)
    CacheEntryDetail.model_validate(cached.DETAIL)
    CacheRemoved.model_validate(cached.REMOVED)
    CacheAudit.model_validate(cached.AUDIT)


def test_examples_of_events_are_events() -> None:
    """The same for events."""
    for event in answers.EVENTS:
        JobEvent.model_validate(event)
        DATA[event["type"]].model_validate(event["data"])


def test_every_type_of_event_is_described(document: dict[str, Any]) -> None:
    """The stream names what each type carries, beside the list that others are answered with."""
    content = document["paths"]["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
    types = content["text/event-stream"]["x-event-types"]
    assert set(types) == set(DATA)
    thinking = document["components"]["schemas"]["EventThinking"]["properties"]
    assert {"elapsed_s", "thinking_tokens", "expected", "budget_share", "longer_than_usual"} <= set(thinking)
