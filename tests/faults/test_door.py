"""Clients that are slow, huge, broken or hostile: nobody else notices, nothing unasked runs."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from accounts.secrets import make_token
from tests.faults.conftest import Saw
from tests.faults.house import House, Reply, call, eventually
from tests.faults.load import asking, kinds, slowest
from tests.live import rpc

P95_S = 3.0


def connected(house: House) -> socket.socket:
    """Return a fresh connection to the server."""
    where = ("127.0.0.1", int(house.server.url.rpartition(":")[2]))
    return socket.create_connection(where, timeout=60)


def head(house: House, *more: str, who: str = "alice") -> str:
    """Return a request's head without its end."""
    lines = [f"{name}: {value}" for name, value in house.server.headers(who).items()]
    return "\r\n".join(["POST /mcp HTTP/1.1", "Host: 127.0.0.1", *lines, *more]) + "\r\n"


def read_all(client: socket.socket, seconds: float = 5) -> bytes:
    """Return what comes until the server closes, or nothing came for that long."""
    client.settimeout(seconds)
    got = b""
    try:
        while part := client.recv(65_536):
            got += part
    except (TimeoutError, ConnectionResetError):
        pass
    return got


def p95(replies: list[Reply]) -> float:
    """Return the time within which 95 of 100 answers came."""
    return sorted(reply.seconds for reply in replies)[int(len(replies) * 0.95)]


def hung_up(client: socket.socket) -> bool:
    """Say whether the server has closed the connection."""
    client.setblocking(False)
    try:
        while client.recv(65_536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        client.setblocking(True)


@contextmanager
def dripping(clients: list[socket.socket]) -> Iterator[None]:
    """Send a byte on each connection every second meanwhile."""
    over = threading.Event()

    def drip() -> None:
        while not over.wait(1):
            for client in clients:
                try:
                    client.send(b"x")
                except OSError:
                    continue

    with ThreadPoolExecutor(1) as pool:
        pool.submit(drip)
        try:
            yield
        finally:
            over.set()


@pytest.mark.long
@pytest.mark.proves("FAULT-IDLE")
@pytest.mark.fault(
    "500 clients that connect and say nothing",
    f"others' p95 under {P95_S:g} s; each of the 500 is hung up on within 25 s",
)
def test_idle_clients_cost_others_nothing_and_are_hung_up_on(on_sqlite: House, saw: Saw) -> None:
    _held(on_sqlite, saw, 500, "", drips=False)


@pytest.mark.long
@pytest.mark.proves("FAULT-SLOW-LORIS")
@pytest.mark.fault(
    "100 clients that send a byte of the head, or of a body nobody wants, each second",
    f"others' p95 under {P95_S:g} s; each is hung up on within 25 s",
)
@pytest.mark.parametrize("part", ["head", "refused body"])
def test_slow_requests_cost_others_nothing_and_are_hung_up_on(
    on_sqlite: House, saw: Saw, part: str
) -> None:
    opening = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
    if part == "refused body":
        opening = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n"
    _held(on_sqlite, saw, 100, opening, drips=True)


@pytest.mark.long
@pytest.mark.proves("FAULT-SLOW-LORIS")
@pytest.mark.fault(
    "50 clients that send a byte of a form, or of a call, each second",
    f"others' p95 under {P95_S:g} s; each is hung up on or answered within 60 s",
)
@pytest.mark.parametrize("path", ["/login/", "/mcp"])
def test_slow_bodies_cost_others_nothing_and_end(on_sqlite: House, saw: Saw, path: str) -> None:
    opening = head(on_sqlite, "Content-Length: 9999").replace("/mcp", path) + "\r\n"
    _held(on_sqlite, saw, 50, opening, drips=True, within=60)


def _held(
    house: House, saw: Saw, count: int, opening: str, *, drips: bool, within: float = 25
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(house)) for _ in range(count)]
        for client in clients:
            client.sendall(opening.encode())
        stack.enter_context(dripping(clients if drips else []))
        left = list(clients)

        def all_gone() -> bool:
            left[:] = [client for client in left if not hung_up(client)]
            return not left

        with asking(house, 4) as replies:
            gone = eventually(all_gone, within + 10, "they are never hung up on")
    saw(f"{kinds(replies)}, p95 {p95(replies):.2f} s", answer=slowest(replies), recover=gone)
    assert {reply.kind for reply in replies} == {"ok"}
    assert p95(replies) < P95_S
    house.prove()


@pytest.mark.proves("FAULT-BAD-TOKENS")
@pytest.mark.fault(
    "10,000 bad tokens a minute",
    f"each is the same 401; an analyst's p95 under {P95_S:g} s; no row, a handful of events",
)
@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=pytest.mark.long)])
def test_flood_of_bad_tokens_keeps_nobody_out(on_sqlite: House, saw: Saw, seconds: int) -> None:
    count = "SELECT count(*) FROM audit_querylog"
    texts: set[str] = set()
    sent = 0
    with asking(on_sqlite, 2) as replies, httpx.Client(timeout=30) as client:
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            bad = {"Authorization": f"Bearer {make_token()}"}
            reply = client.post(f"{on_sqlite.server.url}/mcp", content=rpc("ping"), headers=bad)
            texts.add(f"{reply.status_code} {reply.text}")
            sent += 1
            time.sleep(max(0.0, sent * 0.006 - passed))
    rate = sent / seconds * 60
    saw(f"{rate:.0f} a minute: {kinds(replies)}, p95 {p95(replies):.2f} s", answer=slowest(replies))
    assert len(texts) == 1
    assert texts.pop().startswith("401 ")
    assert {reply.kind for reply in replies} == {"ok"}
    assert p95(replies) < P95_S
    assert on_sqlite.app.ask(f"{count} WHERE sql NOT LIKE 'SELECT%'") == [(0,)]
    refused = "SELECT count(*) FROM audit_event WHERE kind = 'tokens_refused'"
    assert on_sqlite.app.ask(refused)[0][0] < 20
    on_sqlite.prove()


@pytest.mark.proves("FAULT-HEADERS")
@pytest.mark.fault(
    "Giant heads: one header of 1 MB, 10,000 headers, an address of 1 MB",
    "400 or hung up on within 2 s; the worker's memory grows by less than 30 MB",
)
def test_giant_head_is_refused_and_costs_no_memory(on_sqlite: House, saw: Saw) -> None:
    before = memory(on_sqlite)
    bodies = {
        "1 MB header": head(on_sqlite, "X-Big: " + "x" * 1_000_000),
        "10,000 headers": head(on_sqlite, *(f"X-{i}: {i}" for i in range(10_000))),
        "1 MB address": head(on_sqlite).replace("/mcp", "/mcp?" + "x" * 1_000_000),
        "endless header": head(on_sqlite, "X-Big: " + "x" * 20_000_000),
    }
    said, worst = [], 0.0
    for name, text in bodies.items():
        started = time.monotonic()
        with connected(on_sqlite) as client:
            try:
                client.sendall(text.encode() + b"\r\n")
            except OSError:
                said.append(f"{name}: hung up on")
                continue
            got = read_all(client)
        worst = max(worst, time.monotonic() - started)
        assert not got or b" 400 " in got[:20], (name, got[:100])
        said.append(f"{name}: {got[9:12].decode() or 'hung up on'}")
    grown = (memory(on_sqlite) - before) / 1e6
    saw(f"{', '.join(said)}; {grown:+.0f} MB", answer=worst)
    assert worst < 2
    assert grown < 30
    on_sqlite.prove()


def memory(house: House) -> int:
    """Return the bytes of memory of the largest worker."""
    sizes = []
    for pid in house.workers():
        with open(f"/proc/{pid}/status") as status:
            sizes.append(int(re.findall(r"VmRSS:\s+(\d+)", status.read())[0]) * 1024)
    return max(sizes)


SMUGGLED = {
    "CL and TE": "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
    "two CLs": "Content-Length: 0\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "CL list": "Content-Length: 0, {n}\r\n\r\n{hidden}",
    "CL with plus": "Content-Length: +{n}\r\n\r\n{hidden}",
    "bad chunk size": "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{hidden}",
    "chunk size with minus": "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{hidden}",
    "TE with blank": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}",
    "odd TE": "Transfer-Encoding: xchunked\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "obs-fold": "X: a\r\n Content-Length: 3\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "bare LF": "X: a\nContent-Length: {n}\n\n{hidden}",
    "NUL": "X: a\x00b\r\nContent-Length: {n}\r\n\r\n{hidden}",
    "bare CR": "X: a\rContent-Length: 0\r\nContent-Length: {n}\r\n\r\n{hidden}",
}


@pytest.mark.proves("FAULT-SMUGGLING")
@pytest.mark.fault(
    "A second request hidden in the body of one without a token, in twelve shapes",
    "at most one answer, never a call that runs without a token of its own head",
)
def test_hidden_request_gets_no_answer_of_its_own(on_sqlite: House, saw: Saw) -> None:
    rows = len(on_sqlite.app.ask("SELECT id FROM audit_querylog"))
    statuses = {}
    # Ivan's head has no token; what is hidden has none either, nor may it borrow one.
    for name, shape in SMUGGLED.items():
        body = call("query", sql="SELECT 'smuggled'")
        hidden = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        request = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n" + shape.format(
            n=len(hidden), hidden=hidden
        )
        with connected(on_sqlite) as client:
            client.sendall(request.encode("latin-1"))
            got = read_all(client, 1.5)
        found = re.findall(rb"HTTP/1\.1 (\d+)", got)
        assert {*found} <= {b"400", b"401"}, (name, got)
        statuses[name] = len(found)
    saw(f"answers: {', '.join(f'{name} {count}' for name, count in statuses.items())}")
    assert "SELECT 'smuggled'" not in on_sqlite.fleet.cluster.log_file.read_text()
    assert len(on_sqlite.app.ask("SELECT id FROM audit_querylog")) == rows
    # Ending with a chunk of size 0 is the only shape whose rest really is a second request.
    assert {name for name, count in statuses.items() if count > 1} <= {"CL and TE"}
    assert "Traceback" not in on_sqlite.server.log()
    on_sqlite.prove()


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
    assert worst < 2
    assert "SELECT 'odd'" not in on_sqlite.fleet.cluster.log_file.read_text()
    on_sqlite.prove()


@pytest.mark.proves("FAULT-DUPLICATES")
@pytest.mark.fault(
    "Keys that are there twice: method, id, name, arguments, sql",
    "one answer, and the row says what ran",
)
@pytest.mark.parametrize("progress", ["", ', "_meta": {"progressToken": 7}'])
def test_row_of_a_call_with_keys_twice_says_what_ran(
    on_sqlite: House, saw: Saw, progress: str
) -> None:
    args = '"sql": "SELECT \'first\'", "sql": "SELECT \'twice\'"'
    params = f'"name": "list_schemas", "name": "query", "arguments": {{{args}}}{progress}'
    rest = f'"params": {{"name": "x"}}, "params": {{{params}}}'
    body = (
        f'{{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping", "method": "tools/call", {rest}}}'
    )
    reply = on_sqlite.server.post(body)
    [(tool, sql)] = on_sqlite.app.ask(
        "SELECT tool, sql FROM audit_querylog ORDER BY id DESC LIMIT 1"
    )
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    answer = json.loads(lines[-1] if lines else reply.text)
    assert (answer["id"], tool, sql) == (2, "query", "SELECT 'twice'")
    assert "twice" in json.dumps(answer["result"])
    assert "SELECT 'first'" not in on_sqlite.fleet.cluster.log_file.read_text()
    saw("the last of each counts, in the answer and in the row")
    on_sqlite.prove()
