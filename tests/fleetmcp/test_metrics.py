"""/metrics: who may read it, what it counts, over one process and over several."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from scripts.demo_db import LocalDatabase
from tests.live import Server, start_server

TOKEN = "metrics-token-of-the-tests-metrics-token"
MONITORING = Path(__file__).resolve().parents[2] / "docs" / "monitoring"
FROM_ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture(scope="module")
def measured(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two processes that share their figures."""
    home = tmp_path_factory.mktemp("measured")
    shared = home / "figures"
    shared.mkdir()
    environ = {"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(shared)}
    with start_server(home, fleet.analytics_dsn, 2, **environ) as running:
        yield running


def read(server: Server, **headers: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    reply = httpx.get(f"{server.url}/metrics", headers=headers)
    assert reply.status_code == 200, reply.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def value(server: Server, name: str, **labels: str) -> float:
    return read(server).get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.mark.proves("METRICS-COUNT")
def test_calls_of_all_processes_are_counted_by_tool_outcome_and_code(measured: Server) -> None:
    before = value(measured, "fleetmcp_calls_total", tool="query", outcome="ok")
    rows = value(measured, "fleetmcp_rows_total")
    for number in range(12):
        measured.data("query", sql=f"SELECT {number}")
    measured.error("query", sql="DELETE FROM tracksolid.drivers")
    measured.error("no_such_tool<script>")
    httpx.post(f"{measured.url}/mcp", content=b"{}")
    assert value(measured, "fleetmcp_calls_total", tool="query", outcome="ok") == before + 12
    assert value(measured, "fleetmcp_rows_total") == rows + 12
    assert value(measured, "fleetmcp_refusals_total", code="not_select") >= 1
    assert value(measured, "fleetmcp_calls_total", tool="unknown", outcome="refused") >= 1
    assert value(measured, "fleetmcp_unauthorized_total") >= 1
    assert value(measured, "fleetmcp_call_duration_seconds_count", tool="query") >= 13


@pytest.mark.proves("METRICS-WHO")
def test_only_this_host_and_who_holds_the_token_read_the_figures(measured: Server) -> None:
    address = f"{measured.url}/metrics"
    assert httpx.get(address).status_code == 200
    assert httpx.get(address, headers=FROM_ELSEWHERE).status_code == 404
    wrong = {"Authorization": f"Bearer {TOKEN}x"}
    assert httpx.get(address, headers=FROM_ELSEWHERE | wrong).status_code == 404
    assert httpx.get(address, headers=wrong).status_code == 404
    analyst = {"Authorization": f"Bearer {measured.tokens['alice']}"}
    assert httpx.get(address, headers=FROM_ELSEWHERE | analyst).status_code == 404
    right = FROM_ELSEWHERE | {"Authorization": f"Bearer {TOKEN}"}
    assert "fleetmcp_tokens_usable" in httpx.get(address, headers=right).text


@pytest.mark.proves("METRICS-NO-SECRET")
def test_figures_name_no_person_no_sql_and_no_secret(measured: Server) -> None:
    measured.data("query", sql="SELECT 'word-of-the-analyst'")
    text = httpx.get(f"{measured.url}/metrics").text
    for hidden in ("alice", "word-of-the-analyst", measured.tokens["alice"], TOKEN, "script"):
        assert hidden not in text


@pytest.mark.proves("METRICS-FILES")
def test_dashboard_and_alerts_ask_only_for_figures_that_exist(measured: Server) -> None:
    measured.data("query", sql="SELECT 1")
    measured.error("query", sql="DELETE FROM tracksolid.drivers")
    httpx.post(f"{measured.url}/mcp", content=b"{}")
    known = {name for name, _ in read(measured)}
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    asked = {target["expr"] for panel in dashboard["panels"] for target in panel["targets"]} | {
        (MONITORING / "alerts.yaml").read_text()
    }
    named = {name for text in asked for name in re.findall(r"\bfleetmcp_[a-z_]+", text)}
    assert len(named) >= 15
    assert named - known == set()
