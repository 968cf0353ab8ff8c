"""The log as a machine reads it, and the one id that leads from a reply to everything else."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import httpx
import pytest

from fleetmcp.logs import JsonFormatter
from scripts.demo_db import LocalDatabase
from tests.live import Server, rpc, start_server

HOSTILE = 'SELECT \'\u2028\x7f \x1b[31m \u202e {"level": "FORGED"}\r\nquery=9 caller=x\''


@pytest.fixture(scope="module")
def spoken(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that logs JSON."""
    home = tmp_path_factory.mktemp("spoken")
    with start_server(home, fleet.analytics_dsn, LOG_FORMAT="json") as running:
        yield running


def ask(server: Server, sql: str, **headers: str) -> httpx.Response:
    body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}})
    return server.post(body, **headers)


def lines(server: Server) -> list[dict[str, object]]:
    """Return the lines that fleetmcp itself printed."""
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


@pytest.mark.proves("LOG-JSON")
def test_each_call_is_one_json_line_with_what_a_log_search_needs(spoken: Server) -> None:
    ask(spoken, HOSTILE)
    said = [line for line in lines(spoken) if line.get("query")][-1]
    assert said["caller"] == "alice"
    assert said["sql"] == HOSTILE
    assert (said["logger"], said["outcome"], said["tool"]) == ("fleetmcp.audit", "ok", "query")
    assert said["request_id"] == spoken.last_row()["request_id"]
    assert spoken.log().isascii()
    assert not any(line.get("level") == "FORGED" for line in lines(spoken))


@pytest.mark.proves("LOG-JSON")
def test_traceback_stays_inside_its_line() -> None:
    try:
        raise ValueError("a\nlevel=FORGED")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "no %s", ("use",), sys.exc_info())
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert json.loads(text)["message"] == "no use"
    assert "ValueError" in json.loads(text)["traceback"]


@pytest.mark.proves("LOG-REQUEST-ID")
def test_id_of_the_proxy_is_in_the_reply_and_in_the_row(spoken: Server) -> None:
    reply = ask(spoken, "SELECT 1", **{"X-Request-Id": "proxy-7.1:a"})
    assert reply.headers["x-request-id"] == "proxy-7.1:a"
    assert spoken.last_row()["request_id"] == "proxy-7.1:a"


@pytest.mark.proves("LOG-REQUEST-ID")
@pytest.mark.parametrize("forged", ["a b", "x" * 65, '"}{', "é"])
def test_id_that_is_no_plain_word_is_replaced(spoken: Server, forged: str) -> None:
    headers = {**spoken.headers(), "X-Request-Id": forged.encode().decode("latin-1")}
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    body = rpc("tools/call", {"name": "query", "arguments": {"sql": "SELECT 2"}})
    reply = httpx.post(f"{spoken.url}/mcp", content=body, headers=raw)  # type: ignore[arg-type]  # bytes are fine
    given = reply.headers["x-request-id"]
    assert len(given) == 32
    assert given.isalnum()
    assert spoken.last_row()["request_id"] == given


@pytest.mark.proves("LOG-REQUEST-ID")
@pytest.mark.parametrize("path", ["/", "/healthz", "/admin/", "/mcp", "/no-such-page"])
def test_every_reply_names_its_request(spoken: Server, path: str) -> None:
    assert len(httpx.get(spoken.url + path).headers["x-request-id"]) == 32
