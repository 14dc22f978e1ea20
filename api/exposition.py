"""Writes metrics in Prometheus' text format, version 0.0.4, which every version of it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from workers.contracts.metrics import BOUNDS_S, METRICS, Durations, Labels, Metric, Snapshot

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
BOUNDS = (*map(str, BOUNDS_S), "+Inf")
AWAY = Snapshot({"thinkline_redis_up": {(): 0.0}}, {})  # all that is known without Redis


class _Families(Collector):
    """A snapshot as the library wants it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Family]:
        """Make a family of each metric that the snapshot has."""
        for metric in METRICS:
            if metric.kind == "histogram" and metric.name in self._snapshot.durations:
                yield _histogram(metric, self._snapshot.durations[metric.name])
            elif metric.name in self._snapshot.values:
                yield _values(metric, self._snapshot.values[metric.name])


def _values(metric: Metric, values: Mapping[Labels, float]) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.about, labels=metric.labels)
    for labels, value in sorted(values.items()):
        family.add_metric(labels, value)
    return family


def _histogram(metric: Metric, durations: Mapping[Labels, Durations]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.about, labels=metric.labels)
    for labels, of in sorted(durations.items()):
        family.add_metric(labels, list(zip(BOUNDS, accumulate(of.buckets), strict=True)), of.sum_s)
    return family


def exposed(snapshot: Snapshot) -> bytes:
    """Write a snapshot."""
    return generate_latest(_Families(snapshot))
