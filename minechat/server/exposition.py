"""The figures of a server in Prometheus' text format, read when somebody asks; no names, no addresses."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from minechat.server.figures import Delays, Figures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Shares of the remembered delays that are told; 1 is the longest of them.
QUANTILES = (0.5, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Now:
    """What is so at this moment, where ``Figures`` holds what has happened.

    :param connections: open connections by port
    :param queued: bytes that wait for readers
    :param database: bytes of the database and of its log
    :param space: bytes free where the database is
    :param ready: whether posts are taken
    """

    connections: Mapping[str, int]
    queued: int
    database: int
    space: int
    ready: bool


def exposition(figures: Figures, now: Callable[[], Now]) -> Callable[[], bytes]:
    """Makes the text of /metrics each time it is called."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures, now))
    ProcessCollector(registry=registry)
    return lambda: generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: Figures, now: Callable[[], Now]) -> None:
        self._figures = figures
        self._now = now

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        figures, now = self._figures, self._now()
        yield _build()
        yield _gauge("ready", "Whether posts are taken", int(now.ready))
        yield _labelled(GaugeMetricFamily, "connections", "Open connections", "port", now.connections)
        yield _counter("messages", "Messages committed to the disk", figures.messages)
        yield _counter("deliveries", "Messages handed to a reader, once for each reader", figures.deliveries)
        yield _delays("fan_out_delay_seconds", "From a commit to the last write to a reader", figures.fan_out)
        yield _delays(
            "commit_delay_seconds", "From a message handed to the storage to its commit", figures.commit
        )
        yield _delays("loop_lag_seconds", "How late the event loop turned", figures.loop_lag)
        yield _gauge("queue_bytes", "Bytes waiting for readers", now.queued)
        yield _labelled(
            CounterMetricFamily, "readers_dropped", "Readers dropped", "reason", dict(figures.dropped)
        )
        yield _labelled(CounterMetricFamily, "refusals", "Refused, by limit", "limit", dict(figures.refused))
        yield _gauge("database_bytes", "Size of the database and its log", now.database)
        yield _gauge("disk_free_bytes", "Space left where the database is", now.space)
        yield _counter("log_events_lost", "Events that the log could not write", figures.log_lost)


def _build() -> Metric:
    values = {"version": version("minechat"), "python": platform.python_version()}
    return InfoMetricFamily("minechat_build", "What runs here", values)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"minechat_{name}", text, value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"minechat_{name}", text, value)


def _labelled(
    family: type[GaugeMetricFamily] | type[CounterMetricFamily],
    name: str,
    text: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    metric = family(f"minechat_{name}", text, labels=[label])
    for key, value in sorted(values.items()):
        metric.add_metric([key], value)
    return metric


def _delays(name: str, text: str, delays: Delays) -> Metric:
    metric = Metric(f"minechat_{name}", text, "summary")
    for share, value in zip(QUANTILES, delays.quantiles(*QUANTILES), strict=True):
        metric.add_sample(metric.name, {"quantile": f"{share:g}"}, value)
    metric.add_sample(f"{metric.name}_count", {}, delays.count)
    metric.add_sample(f"{metric.name}_sum", {}, delays.total)
    return metric
