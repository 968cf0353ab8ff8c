"""Traces for OpenTelemetry, when OTEL_EXPORTER_OTLP_ENDPOINT says where to send them.

The SDK reads its own OTEL_* variables: https://opentelemetry.io/docs/specs/otel/configuration/
No SQL text, no argument and no value travels: a span names the audit row, which has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from audit.services import Answered
from fleetmcp import __version__

_provider: TracerProvider | None = None
_remote = TraceContextTextMapPropagator()


def start() -> None:
    """Begin to send spans, if the setting says where to."""
    global _provider
    if settings.TRACING and _provider is None:
        told = {SERVICE_NAME: settings.MCP_SERVER_NAME, SERVICE_VERSION: __version__}
        _provider = TracerProvider(resource=Resource.create(told))
        _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))


def stop() -> None:
    """Send what is still waiting."""
    global _provider
    if _provider is not None:
        _provider.shutdown()
        _provider = None


@contextmanager
def call(tool: str, headers: Mapping[str, str]) -> Iterator[Span]:
    """Yield the span of one call; what the client sent as ``traceparent`` is its parent."""
    if _provider is None:
        yield trace.INVALID_SPAN
        return
    tracer = _provider.get_tracer("fleetmcp")
    parent = _remote.extract(headers)
    with tracer.start_as_current_span(
        f"tools/call {tool}",
        context=parent,
        kind=SpanKind.SERVER,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


def ended(query_id: int, answered: Answered) -> None:
    """Write into the call's span how it ended."""
    span = trace.get_current_span()
    if not span.is_recording():
        return
    told: dict[str, str | int | None] = {
        "fleetmcp.query_id": query_id,
        "fleetmcp.outcome": answered.outcome.value,
        "fleetmcp.reason": answered.reason,
        "fleetmcp.waited_ms": answered.waited_ms,
        "fleetmcp.database_ms": answered.database_ms,
        "fleetmcp.rows": answered.rows,
        "fleetmcp.bytes": answered.bytes,
        "db.response.status_code": answered.sqlstate,
    }
    span.set_attributes({name: value for name, value in told.items() if value not in (None, "")})
    if answered.outcome.value != "ok":
        span.set_status(Status(StatusCode.ERROR, answered.reason))
