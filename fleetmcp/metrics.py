"""Figures for Prometheus: counted where calls end, asked from the record when somebody reads them.

With several worker processes PROMETHEUS_MULTIPROC_DIR names an empty folder in which they share
their counters (https://prometheus.github.io/client_python/multiprocess/).
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from audit.models import Outcome
from audit.services import Answered

TOOLS = frozenset(
    "query list_schemas list_tables describe_table list_functions sample_table search_catalog "
    "explain_query".split()
)
# Seconds; the last one is the largest statement timeout that can be set.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600)

CALLS = Counter("fleetmcp_calls", "Calls of tools by how they ended.", ["tool", "outcome"])
REFUSALS = Counter("fleetmcp_refusals", "Calls that gave no result, by code.", ["code"])
DURATION = Histogram(
    "fleetmcp_call_duration_seconds", "The whole call.", ["tool"], buckets=_BUCKETS
)
WAITED = Histogram(
    "fleetmcp_queue_wait_seconds", "Waiting for a free connection.", buckets=_BUCKETS
)
ROWS = Counter("fleetmcp_rows", "Rows returned.")
BYTES = Counter("fleetmcp_result_bytes", "Bytes of results.")
UNAUTHORIZED = Counter("fleetmcp_unauthorized", "Requests without a valid token.")
BUSY = Gauge(
    "fleetmcp_connections_busy",
    "Connections to the analytics database in use.",
    ["lane"],
    multiprocess_mode="livesum",
)
SIZE = Gauge(
    "fleetmcp_connections_size",
    "Connections to the analytics database at most.",
    ["lane"],
    multiprocess_mode="livesum",
)
QUEUE = Gauge(
    "fleetmcp_queue_length",
    "Questions that wait for a connection.",
    multiprocess_mode="livesum",
)


def known(tool: str) -> str:
    """Return the tool's name, or "unknown": what the client calls a tool is its own word."""
    return tool if tool in TOOLS else "unknown"


def count_call(tool: str, answered: Answered) -> None:
    """Count one call that ended."""
    name = known(tool)
    CALLS.labels(name, answered.outcome.value).inc()
    DURATION.labels(name).observe(answered.duration_ms / 1000)
    if answered.outcome is not Outcome.OK:
        REFUSALS.labels(answered.reason or "other").inc()
    if answered.waited_ms is not None:
        WAITED.observe(answered.waited_ms / 1000)
    ROWS.inc(answered.rows or 0)
    BYTES.inc(answered.bytes or 0)


def exposition(record: dict[str, tuple[str, float]], *, shared: bool) -> bytes:
    """Return all figures as Prometheus reads them; ``record`` maps a gauge to (help, value).

    ``shared`` says that several processes keep their counters in one folder.
    """
    registry = REGISTRY
    if shared:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it so
    asked = CollectorRegistry()
    asked.register(_Record(record))
    return generate_latest(registry) + generate_latest(asked)


class _Record(Collector):
    """Gauges whose values were just asked from the app database."""

    def __init__(self, record: dict[str, tuple[str, float]]) -> None:
        self._record = record

    def collect(self) -> Iterable[Metric]:
        """Yield them."""
        for name, (told, value) in self._record.items():
            yield GaugeMetricFamily(f"fleetmcp_{name}", told, value=value)
