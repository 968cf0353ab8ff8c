"""Requests that are huge, broken or ambiguous: refused with a sentence, and nothing odd runs."""

from __future__ import annotations

import json
import time

import pytest

from tests.faults.house import House, call
from tests.faults.processes import SLACK, memory
from tests.faults.saw import Saw
from tests.faults.sockets import connected, head, read_all


@pytest.mark.proves("FAULT-HEADERS")
@pytest.mark.fault(
    "Giant heads: one header of 1 MB, 10,000 headers, an address of 1 MB",
    "400 or hung up on within 2 s; the worker's memory grows by less than 30 MB",
)
def test_giant_head_is_refused_and_costs_no_memory(on_sqlite: House, saw: Saw) -> None:
    before = memory(on_sqlite.workers())
    heads = {
        "1 MB header": head(on_sqlite, "X-Big: " + "x" * 1_000_000),
        "10,000 headers": head(on_sqlite, *(f"X-{i}: {i}" for i in range(10_000))),
        "1 MB address": head(on_sqlite).replace("/mcp", "/mcp?" + "x" * 1_000_000),
        "endless header": head(on_sqlite, "X-Big: " + "x" * 20_000_000),
    }
    said, worst = [], 0.0
    for name, text in heads.items():
        started = time.monotonic()
        said.append(f"{name}: {_refused(on_sqlite, text)}")
        worst = max(worst, time.monotonic() - started)
    grown = (memory(on_sqlite.workers()) - before) / 1e6
    saw(f"{', '.join(said)}; {grown:+.0f} MB", answer=worst)
    assert worst < 2 * SLACK
    assert grown < 30
    on_sqlite.prove()


def _refused(house: House, text: str) -> str:
    """Send a head; fail unless it is refused."""
    with connected(house) as client:
        try:
            client.sendall(text.encode() + b"\r\n")
        except OSError:
            return "hung up on"
        got = read_all(client)
    assert not got or b" 400 " in got[:20], got[:100]
    return got[9:12].decode() or "hung up on"


ODD = {
    "4 MB of JSON": (b'{"x": "' + b"x" * 4_000_000 + b'"}', {}, {413}),
    "100,000 levels": (b"[" * 100_000 + b"]" * 100_000, {}, {400}),
    "NaN": (call("query", sql="SELECT 1").replace('"SELECT 1"', "NaN").encode(), {}, {400}),
    "Infinity": (call("query", sql="S").replace('"S"', "Infinity").encode(), {}, {400}),
    "lone surrogate": (call("query", sql="S").replace('"S"', '"\\ud800"').encode(), {}, {400}),
    "byte order mark": (b"\xef\xbb\xbf" + call("query", sql="SELECT 1").encode(), {}, {400}),
    "UTF-16": (call("query", sql="SELECT 1").encode("utf-16"), {}, {400}),
    "text/plain": (call("query", sql="SELECT 'odd'").encode(), {"Content-Type": "text/plain"},
                   {400, 415}),
    "a form": (call("query", sql="SELECT 'odd'").encode(),
               {"Content-Type": "application/x-www-form-urlencoded"}, {400, 415}),
    "gzip": (b"\x1f\x8b\x08\x00" + b"x" * 50, {"Content-Encoding": "gzip"}, {400, 415}),
}  # fmt: skip


@pytest.mark.proves("FAULT-BODIES")
@pytest.mark.fault(
    "Odd bodies: 4 MB, 100,000 levels, NaN, lone surrogates, UTF-16, wrong types, gzip",
    "400, 413 or 415 with a sentence within 2 s; nothing runs",
)
def test_odd_body_is_refused_with_a_sentence(on_sqlite: House, saw: Saw) -> None:
    said, worst = [], 0.0
    for name, (body, headers, statuses) in ODD.items():
        started = time.monotonic()
        reply = on_sqlite.server.post(body, **headers)
        worst = max(worst, time.monotonic() - started)
        assert reply.status_code in statuses, (name, reply.status_code, reply.text)
        assert reply.text.strip(), name
        assert not [secret for secret in on_sqlite.secrets() if secret in reply.text], name
        said.append(f"{name} {reply.status_code}")
    saw(", ".join(said), answer=worst)
    assert worst < 2 * SLACK
    assert not on_sqlite.asked("SELECT 'odd'")
    on_sqlite.prove()


@pytest.mark.proves("FAULT-DUPLICATES")
@pytest.mark.fault(
    "Keys that are there twice: method, id, name, arguments, sql",
    "one answer, and the row says what ran",
)
@pytest.mark.parametrize(
    "progress", ["", ', "_meta": {"progressToken": 7}'], ids=["answer", "stream"]
)
def test_row_of_a_call_with_keys_twice_says_what_ran(
    on_sqlite: House, saw: Saw, progress: str
) -> None:
    args = '"sql": "SELECT \'first\'", "sql": "SELECT \'twice\'"'
    params = f'"name": "list_schemas", "name": "query", "arguments": {{{args}}}{progress}'
    twice = '"id": 1, "id": 2, "method": "ping", "method": "tools/call"'
    body = f'{{"jsonrpc": "2.0", {twice}, "params": {{"name": "x"}}, "params": {{{params}}}}}'
    reply = on_sqlite.server.post(body)
    newest = "SELECT tool, sql FROM audit_querylog ORDER BY id DESC LIMIT 1"
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    answer = json.loads(lines[-1] if lines else reply.text)
    assert answer["id"] == 2
    assert on_sqlite.app.ask(newest) == [("query", "SELECT 'twice'")]
    assert "twice" in json.dumps(answer["result"])
    assert not on_sqlite.asked("SELECT 'first'")
    saw("the last of each counts, in the answer and in the row")
    on_sqlite.prove()
