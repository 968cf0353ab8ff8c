"""What an intruder tried, and what holds since."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.live import Server, rpc, start_server, until
from tests.mcp.test_endpoint import call, event


def address(server: Server) -> tuple[str, int]:
    """Return host and port."""
    return "127.0.0.1", int(server.url.rpartition(":")[2])


def request(server: Server, body: str) -> bytes:
    """Return a whole HTTP request with the body, as alice."""
    lines = [f"{name}: {value}" for name, value in server.headers().items()]
    head = "\r\n".join(["POST /mcp HTTP/1.1", "Host: 127.0.0.1", *lines])
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@contextmanager
def frozen(fleet: LocalDatabase) -> Iterator[None]:
    """Stop every process of the PostgreSQL in its tracks, as a dying disk would."""
    postmaster = (fleet.cluster.data / "postmaster.pid").read_text().split()[0]
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", postmaster, "-p", postmaster],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    pids = [int(pid) for pid in listed.stdout.split()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.proves("DATABASE-FROZEN")
def test_frozen_database_freezes_no_health_check(server: Server, fleet: LocalDatabase) -> None:
    body = call("query", {"sql": "SELECT 1"})

    def ask() -> httpx.Response:
        return httpx.post(f"{server.url}/mcp", content=body, headers=server.headers(), timeout=60)

    assert ask().status_code == 200
    with ThreadPoolExecutor(10) as clients:
        with frozen(fleet):
            waiting = [clients.submit(ask) for _ in range(10)]
            for _ in range(8):
                started = time.monotonic()
                assert httpx.get(f"{server.url}/healthz", timeout=2).status_code == 200
                assert time.monotonic() - started < 1
                time.sleep(0.5)
        assert all(question.result().status_code == 200 for question in waiting)
    until(lambda: event(ask())["result"].get("isError") is False, 10)
    until(lambda: not server.rows("outcome = 'running'"), 10)


@pytest.mark.proves("AUDIT-HANG-UP")
def test_hanging_up_at_any_moment_leaves_no_row_open(server: Server) -> None:
    data = request(server, call("query", {"sql": "SELECT 'hung up'"}))
    dice = random.Random(7)
    for _ in range(150):
        with socket.create_connection(address(server)) as client:
            client.sendall(data)
            time.sleep(dice.uniform(0, 0.015))
    until(lambda: not server.rows("outcome = 'running'"), 10)
    assert server.data("query", sql="SELECT 1")["rows"] == [[1]]


@pytest.mark.proves("RESULT-SIZE-CAP")
def test_many_short_columns_are_within_the_budget_too(server: Server) -> None:
    sql = f"SELECT {','.join(['now()'] * 1600)} FROM generate_series(1, 10000)"
    reply = server.post(call("query", {"sql": sql, "max_rows": 10_000}))
    result = event(reply)["result"]["structuredContent"]
    assert result["truncated_by"] == "characters"
    assert len(reply.content) < 10_000_000


@pytest.mark.proves("LOG-UNFORGED")
def test_no_name_from_outside_starts_a_line_of_the_log(server: Server) -> None:
    forged = '2026-11-22 10:00:00,000 query=999 caller="bob" tool="query" outcome=ok'
    name = f"x\n{forged}\r\n{forged}"
    for method, params in (
        ("prompts/get", {"name": name}),
        ("resources/read", {"uri": f"x://{name}"}),
        ("tools/call", {"name": name, "arguments": {"sql": name}}),
        (name, {}),
    ):
        server.post(rpc(method, params), **{"User-Agent": "x"})
    assert not re.search(rf"^{re.escape(forged)}", server.log(), re.MULTILINE)


@pytest.mark.proves("DOOR-SIZE")
def test_page_takes_no_body_that_no_form_could_send(server: Server) -> None:
    def flood() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 65_536

    try:
        reply = httpx.post(f"{server.url}/admin/login/", content=flood(), timeout=10)
    except httpx.TransportError:
        return
    assert reply.status_code >= 400


@pytest.mark.proves("STOP-CLEAN")
def test_half_a_request_does_not_keep_the_server_from_stopping(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with start_server(tmp_path_factory.mktemp("half"), fleet.analytics_dsn) as server:
        with socket.create_connection(address(server)) as client:
            client.sendall(request(server, "x" * 50)[:-20])
            assert server.answers()
            started = time.monotonic()
            server.stop()
            assert time.monotonic() - started < 20
        server.start()


@pytest.mark.proves("AUDIT-MALFORMED")
@pytest.mark.parametrize("depth", [70, 300, 990])
@pytest.mark.parametrize("where", ["arguments", "params", "message"])
def test_deep_message_is_refused_with_a_row(server: Server, depth: int, where: str) -> None:
    deep = "[" * depth + "]" * depth
    bodies = {
        "arguments": f'{{"name": "query", "arguments": {{"sql": "SELECT 1", "x": {deep}}}}}',
        "params": deep,
        "message": f'{{"name": "query"}}, "y": {deep}',
    }
    body = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {bodies[where]}}}'
    before = len(server.rows())
    reply = server.post(body)
    assert reply.status_code == 400
    rows = server.rows()
    assert (len(rows), rows[-1]["reason"]) == (before + 1, "malformed")
    assert rows[-1]["arguments"] == body


@pytest.mark.proves("AUDIT-MALFORMED")
@pytest.mark.parametrize("extra", ["error", "result"])
def test_call_dressed_as_a_reply_is_refused_with_a_row(server: Server, extra: str) -> None:
    message = f'"method": "tools/call", "params": {{"name": "query"}}, "{extra}": {{"code": 1}}'
    before = len(server.rows())
    assert server.post(f'{{"jsonrpc": "2.0", "id": 1, {message}}}').status_code == 400
    assert len(server.rows()) == before + 1


@pytest.mark.proves("AUDIT-NO-CLAIM")
def test_row_never_shows_sql_that_did_not_run(server: Server) -> None:
    text = server.error(
        "sample_table", schema="tracksolid", table="drivers", sql="SELECT 'innocent'"
    )
    assert text.startswith("[bad_arguments] sql: ")
    row = server.last_row()
    assert (row["sql"], row["outcome"]) == ("", "refused")


@pytest.mark.proves("AUDIT-BUSY")
def test_busy_app_database_delays_calls_and_no_health_check(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with start_server(tmp_path_factory.mktemp("busy"), fleet.analytics_dsn) as server:
        assert server.data("query", sql="SELECT 0")["rows"] == [[0]]
        writer = sqlite3.connect(server.home / "app.sqlite3", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        free = threading.Timer(4, lambda: None)
        free.start()
        with ThreadPoolExecutor(6) as clients:
            asked = [clients.submit(server.data, "query", sql="SELECT 1") for _ in range(6)]
            while free.is_alive():
                started = time.monotonic()
                assert httpx.get(f"{server.url}/healthz", timeout=5).status_code == 200
                assert time.monotonic() - started < 2
                time.sleep(0.3)
            writer.execute("ROLLBACK")
            assert all(question.result()["rows"] == [[1]] for question in asked)
        writer.close()
        until(lambda: not server.rows("outcome = 'running'"), 10)


@pytest.mark.proves("AUDIT-MALFORMED")
@pytest.mark.parametrize("digits", [20, 25, 300])
def test_number_beyond_all_bounds_has_a_row_too(server: Server, digits: int) -> None:
    before = len(server.rows())
    number = "9" * digits
    arguments = f'{{"sql": "SELECT 1", "max_rows": {number}}}'
    params = f'{{"name": "query", "arguments": {arguments}}}'
    reply = server.post(f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}')
    result = event(reply)["result"]
    assert result["structuredContent"]["rows"] == [[1]]
    rows = server.rows()
    assert len(rows) == before + 1
    assert number in rows[-1]["arguments"]


@pytest.mark.proves("FORMAT-CSV")
def test_csv_that_is_full_waits_for_nothing_more(server: Server) -> None:
    sql = (
        "SELECT i, reporting.test_sleep(CASE WHEN i > 250 THEN 25 ELSE 0 END), repeat('x', 10000) "
        "FROM generate_series(1, 300) i"
    )
    started = time.monotonic()
    result = server.data("query", sql=sql, format="csv")
    assert (result["row_count"], result["truncated_by"]) == (199, "characters")
    assert time.monotonic() - started < 10
    assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
