"""Clients that say nothing, or too slowly, or only half: nobody else notices, and they go."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

import pytest

from tests.faults.house import House, call
from tests.faults.processes import SLACK, eventually
from tests.faults.reply import kinds, p95, slowest
from tests.faults.saw import Saw
from tests.faults.sockets import connected, dripping, head, hung_up, read_all
from tests.faults.trial import P95_S, asking

SLOW_HEAD = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
UNWANTED_BODY = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n"


@pytest.mark.long
@pytest.mark.proves("FAULT-IDLE")
@pytest.mark.fault(
    "500 clients that connect and say nothing",
    f"others' p95 under {P95_S:g} s; each of the 500 is hung up on within 25 s",
)
def test_idle_clients_cost_others_nothing_and_are_hung_up_on(on_sqlite: House, saw: Saw) -> None:
    _held(on_sqlite, saw, 500, "", drips=False)


@pytest.mark.proves("FAULT-SLOW-LORIS")
@pytest.mark.fault(
    "100 clients that send a byte of the head, or of a body nobody wants, each second",
    f"others' p95 under {P95_S:g} s; each is hung up on within 25 s",
)
@pytest.mark.parametrize(
    "opening",
    [
        pytest.param(SLOW_HEAD, id="head"),
        pytest.param(UNWANTED_BODY, id="refused body", marks=pytest.mark.long),
    ],
)
def test_slow_requests_cost_others_nothing_and_are_hung_up_on(
    on_sqlite: House, saw: Saw, opening: str
) -> None:
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
            gone = eventually(all_gone, within, "they are never hung up on")
    saw(f"{kinds(replies)}, p95 {p95(replies):.2f} s", answer=slowest(replies), recover=gone)
    assert {reply.kind for reply in replies} == {"ok"}
    assert p95(replies) < P95_S * SLACK
    house.prove()


@pytest.mark.proves("FAULT-HALF-CLOSED")
@pytest.mark.fault(
    "A client closes its sending half right behind the request, then reads",
    "taken for hanging up: the query is cancelled in PostgreSQL, the row closed, within 3 s",
)
def test_half_closed_connection_counts_as_hung_up(on_sqlite: House, saw: Saw) -> None:
    body = call("query", sql="SELECT reporting.test_sleep(4) /*half*/")
    request = head(on_sqlite, f"Content-Length: {len(body)}") + "\r\n" + body
    started = time.monotonic()
    with connected(on_sqlite) as client:
        client.sendall(request.encode())
        client.shutdown(socket.SHUT_WR)
        got = read_all(client, 6)
    closed = time.monotonic() - started
    active = "state = 'active' AND query LIKE '%/*half*/%'"
    eventually(lambda: on_sqlite.backends(active) == [], 3, "the backend stays")
    eventually(lambda: on_sqlite.running() == 0, 3, "the row stays open")
    saw(f"{len(got)} bytes of answer", answer=closed)
    assert closed < 3 * SLACK
    on_sqlite.prove()
