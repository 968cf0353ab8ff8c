"""A flood of bad tokens: everybody else is served, and nothing fills up."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from accounts.secrets import make_token
from tests.faults.house import House
from tests.faults.processes import SLACK
from tests.faults.reply import kinds, p95, slowest
from tests.faults.saw import Saw
from tests.faults.trial import P95_S, asking
from tests.live import rpc

A_MINUTE, FLOODING = 10_000, 4
# Offered; what is reached must be A_MINUTE.
PACE_S = 60 / (A_MINUTE * 1.2) * FLOODING


@pytest.mark.long
@pytest.mark.proves("FAULT-BAD-TOKENS")
@pytest.mark.fault(
    f"{A_MINUTE:,} bad tokens in a minute",
    f"all are answered in it, each with the same 401; an analyst's p95 under {P95_S:g} s; no row, "
    "a handful of events",
)
def test_flood_of_bad_tokens_keeps_nobody_out(on_sqlite: House, saw: Saw) -> None:
    house = on_sqlite
    refused = "SELECT count(*) FROM audit_event WHERE kind = 'tokens_refused'"
    with asking(house, 2) as replies, ThreadPoolExecutor(FLOODING) as pool:
        started = time.monotonic()
        floods = [pool.submit(_flood, house, 60) for _ in range(FLOODING)]
        answers = [answer for flood in floods for answer in flood.result()]
        rate = len(answers) / (time.monotonic() - started) * 60
    saw(f"{rate:.0f} a minute: {kinds(replies)}, p95 {p95(replies):.2f} s", answer=slowest(replies))
    [(status, _)] = set(answers)
    assert status == 401
    assert {reply.kind for reply in replies} == {"ok"}
    assert p95(replies) < P95_S * SLACK
    assert house.rows("sql NOT LIKE 'SELECT%'") == 0
    assert house.app.ask(refused)[0][0] < 20
    assert rate >= A_MINUTE
    house.prove()


def _flood(house: House, seconds: int) -> list[tuple[int, bytes]]:
    """Send a new bad token at each tick on one connection, and return what was answered."""
    client = HTTPConnection(house.server.url.removeprefix("http://"), timeout=60)
    answers: list[tuple[int, bytes]] = []
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        client.request("POST", "/mcp", rpc("ping"), {"Authorization": f"Bearer {make_token()}"})
        reply = client.getresponse()
        answers.append((reply.status, reply.read()))
        time.sleep(max(0.0, len(answers) * PACE_S - passed))
    client.close()
    return answers
