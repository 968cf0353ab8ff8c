"""Traces, as a collector receives them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from scripts.demo_db import LocalDatabase
from tests.live import rpc, start_server

PARENT = "0af7651916cd43dd8448eb211c80319c"


class Collector(ThreadingHTTPServer):
    """Takes what an OpenTelemetry collector takes."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.raw = b""
        super().__init__(("127.0.0.1", 0), Receiver)


class Receiver(BaseHTTPRequestHandler):
    """Answers POST /v1/traces."""

    server: Collector

    def do_POST(self) -> None:
        """Keep the spans."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on a port of its own."""
    server = Collector()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.proves("TRACE-CALL")
def test_each_call_sends_one_span_that_names_its_row_and_no_sql(
    fleet: LocalDatabase, collector: Collector, tmp_path: Path
) -> None:
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    with start_server(
        tmp_path, fleet.analytics_dsn, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint
    ) as server:
        body = rpc("tools/call", {"name": "query", "arguments": {"sql": "SELECT 'secret word'"}})
        server.post(body, traceparent=f"00-{PARENT}-b7ad6b7169203331-01")
        server.error("no_such_tool")
        server.stop()
        good, bad = collector.spans
        told = {attribute.key: attribute.value for attribute in good.attributes}
        assert (good.name, good.trace_id.hex()) == ("tools/call query", PARENT)
        assert told["fleetmcp.query_id"].int_value == server.rows()[0]["id"]
        assert told["fleetmcp.outcome"].string_value == "ok"
        assert (bad.name, bad.status.message) == ("tools/call unknown", "unknown_tool")
        assert b"secret word" not in collector.raw
        assert b"no_such_tool" not in collector.raw


@pytest.mark.proves("TRACE-CALL")
def test_collector_that_is_gone_costs_no_answer(fleet: LocalDatabase, tmp_path: Path) -> None:
    gone = "http://127.0.0.1:1"
    with start_server(tmp_path, fleet.analytics_dsn, OTEL_EXPORTER_OTLP_ENDPOINT=gone) as server:
        assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
