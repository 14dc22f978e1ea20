"""What /metrics writes is Prometheus' format: cumulated buckets, base units, escaped labels, bounded names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.exposition import AWAY, exposed
from api.measuring import Measures
from workers.contracts.metrics import BOUNDS_S, COUNTED, GAUGES, METRICS, Metric, Snapshot
from workers.store.metrics import read_counters

LUA = Path(__file__).resolve().parents[3] / "workers" / "store" / "lua" / "counting.lua"
ALLOWED_LABELS = {
    "outcome", "lane", "status", "served_by", "queue", "stage", "model", "cause", "tier", "kind", "event", "method", "route",
}  # fmt: skip


def samples(text: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All samples, read by the library's own parser."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def found(name: str, text: bytes, **labels: str) -> float | None:
    """One sample's value; None when it is not there."""
    return samples(text).get((name, frozenset(labels.items())))


def rendered(counters: dict[str, str]) -> bytes:
    """What is written for a hash of counters."""
    return exposed(Snapshot(*read_counters(counters)))


def test_durations_are_cumulated_and_in_seconds() -> None:
    """Redis has each bucket by itself, in milliseconds."""
    text = rendered(
        {"wait|standard|10": "2", "wait|standard|1000": "3", "wait|standard|inf": "1", "wait|standard|sum": "700250"}
    )
    name, bucket = "thinkline_queue_wait_seconds", "thinkline_queue_wait_seconds_bucket"
    assert found(bucket, text, queue="standard", le="0.01") == 2
    assert found(bucket, text, queue="standard", le="0.5") == 2
    assert found(bucket, text, queue="standard", le="1.0") == found(bucket, text, queue="standard", le="600.0") == 5
    assert found(bucket, text, queue="standard", le="+Inf") == found(f"{name}_count", text, queue="standard") == 6
    assert found(f"{name}_sum", text, queue="standard") == 700.25
    assert found(f"{name}_count", text, queue="reasoning") == 0, (
        "known labels begin at zero, so that a first event is a rise"
    )


def test_money_is_in_dollars() -> None:
    """Redis counts billionths, so that a sum stays exact."""
    text = rendered({"spend|reasoning|deep": "1234567891"})
    assert found("thinkline_spend_dollars_total", text, lane="reasoning", model="deep") == 1.234567891


def test_a_hostile_name_of_a_model_stays_a_label() -> None:
    """Quotes, line ends and our own separator; what no metric knows is left out."""
    name = 'a|b"\n\\c'
    text = rendered(
        {
            f"attempts|reasoning|deadline|{name}": "4",
            f"first_token|standard|{name}|250": "1",
            "nonsense|1": "9",
            "wait|10": "1",
        }
    )
    assert found("thinkline_attempts_total", text, lane="reasoning", outcome="deadline", model=name) == 4
    assert found("thinkline_time_to_first_token_seconds_count", text, lane="standard", model=name) == 1
    assert b"nonsense" not in text


def test_without_redis_that_alone_is_told() -> None:
    """A counter that seems to be 0 would look like a reset."""
    assert samples(exposed(AWAY)) == {("thinkline_redis_up", frozenset()): 0.0}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_conventions(metric: Metric) -> None:
    """Base units, no suffix that the format adds, few labels and none of a tenant or a job."""
    assert re.fullmatch(r"thinkline_[a-z][a-z_]*[a-z]", metric.name)
    assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket", "_ms", "_milliseconds"))
    assert metric.about
    assert metric.kind != "histogram" or metric.name.endswith("_seconds")
    assert set(metric.labels) <= ALLOWED_LABELS
    assert (metric in GAUGES) == (metric.kind == "gauge")


def test_names_are_told_apart() -> None:
    """By Prometheus, and in the hash."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert len({metric.counted_as for metric in COUNTED}) == len(COUNTED)


def test_lua_and_python_have_the_same_bounds() -> None:
    """Else a bucket would be counted and never shown."""
    told = re.search(r"local BOUNDS = \{([^}]*)\}", LUA.read_text())
    assert told is not None
    assert [int(part) / 1000 for part in told.group(1).split(",")] == list(BOUNDS_S)


def test_a_route_is_its_template_and_a_wait_is_no_duration() -> None:
    """An id in a label would make a series of each job."""

    class Route:
        path = "/v1/jobs/{job_id}"

    measures = Measures()
    scope = {"method": "GET", "path": "/v1/jobs/job_1", "query_string": b"", "route": Route()}
    measures.note(scope, 200, 0.0301)
    measures.note({**scope, "query_string": b"wait=30"}, 200, 29.0)
    measures.note({"method": "BREW", "path": "/secret", "query_string": b""}, 405, 0.001)
    values, durations = read_counters({field: str(number) for field, number in measures._counts.items()})
    assert values["thinkline_http_requests"] == {
        ("GET", "200", "/v1/jobs/{job_id}"): 2, ("other", "405", "none"): 1,
    }  # fmt: skip
    took = durations["thinkline_http_request_duration_seconds"]
    assert took["GET", "/v1/jobs/{job_id}"].sum_s == 0.03
    assert took["GET", "/v1/jobs/{job_id}"].buckets[2] == sum(took["GET", "/v1/jobs/{job_id}"].buckets) == 1
