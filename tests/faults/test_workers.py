"""Workers die, or are asked for more than fits into their memory."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.faults.house import WORKERS, House
from tests.faults.processes import eventually, memory
from tests.faults.reply import kinds, slowest
from tests.faults.saw import Saw

ASLEEP = "state = 'active' AND query LIKE '%/*k%'"
ASKED = 8


def _killed(house: House, saw: Saw) -> None:
    """Kill both workers one after the other; whoever asks right after is served by the other."""
    left, seen = house.workers(), list[str]()
    while left:
        seen += _killed_while_asked(house, left)
    back = house.recovered(20)
    gone = eventually(lambda: house.backends(ASLEEP) == [], 5, "orphans stay")
    eventually(lambda: len(house.workers()) == WORKERS, 10, "a worker is not replaced")
    answered, cut = seen.count("ok"), seen.count("cut")
    saw(f"{answered} answered, {cut} cut off; no backend after {gone:.1f} s", recover=back)
    assert answered + cut == ASKED * WORKERS
    assert cut


def _killed_while_asked(house: House, left: list[int]) -> list[str]:
    """Kill, and take off the list, who holds most connections; return what became of questions."""
    slow = [f"SELECT reporting.test_sleep(4) /*k{number}*/" for number in range(ASKED)]
    with ThreadPoolExecutor(ASKED) as clients:
        asked = [clients.submit(_asked_or_cut, house, sql) for sql in slow]
        eventually(lambda: len(house.backends(ASLEEP)) >= ASKED // 2, 10, "questions don't run")
        victim = max(left, key=lambda pid: len(os.listdir(f"/proc/{pid}/fd")))
        left.remove(victim)
        os.kill(victim, signal.SIGKILL)
        assert house.ask("SELECT 'meanwhile'").good
        return [one.result() for one in asked]


def _asked_or_cut(house: House, sql: str) -> str:
    try:
        return house.ask(sql).kind
    except httpx.TransportError:
        return "cut"


@pytest.mark.proves("FAULT-WORKER-KILLED")
@pytest.mark.fault(
    "A worker killed by SIGKILL with questions under way, then the other",
    "others go on; no backend is left in PostgreSQL; two workers again by themselves",
)
def test_killed_worker_is_replaced_and_leaves_no_backend(on_sqlite: House, saw: Saw) -> None:
    _killed(on_sqlite, saw)


@pytest.mark.long
@pytest.mark.proves("FAULT-WORKER-KILLED")
@pytest.mark.fault(
    "The rows that killed workers left open",
    "closed as abandoned by the server itself within 150 s",
)
def test_rows_of_killed_workers_are_closed(on_postgres: House, saw: Saw) -> None:
    _killed(on_postgres, saw)
    took = eventually(lambda: on_postgres.running() == 0, 150, "rows stay open")
    saw("none left", recover=took)
    on_postgres.prove()


HUGE = {
    "one value of 200 MB": "SELECT repeat('x', 200000000)",
    "100 values of 10 MB": "SELECT repeat('x', 10000000) FROM generate_series(1, 100)",
    "a million rows": "SELECT i, repeat('x', 100) FROM generate_series(1, 1000000) i",
    "1,600 columns": f"SELECT {','.join(['i'] * 1600)} FROM generate_series(1, 10000) i",
}


@pytest.mark.proves("FAULT-HUGE-RESULT")
@pytest.mark.fault(
    "Results that fit no memory, in rows and as CSV, two at a time",
    "a cut result or a sentence; a worker's peak grows by less than 150 MB",
)
def test_huge_result_is_cut_and_costs_no_memory(on_sqlite: House, saw: Saw) -> None:
    before = memory(on_sqlite.workers(), "VmHWM")
    with ThreadPoolExecutor(2) as clients:
        asked = [
            clients.submit(on_sqlite.ask, sql, max_rows=10_000, format=shape)
            for sql in HUGE.values() for shape in ("rows", "csv") for _ in range(2)
        ]  # fmt: skip
    replies = [one.result() for one in asked]
    grown = (memory(on_sqlite.workers(), "VmHWM") - before) / 1e6
    largest = max(len(reply.text) for reply in replies) / 1e6
    seen = f"{kinds(replies)}; peak {grown:+.0f} MB, largest answer {largest:.1f} MB"
    saw(seen, answer=slowest(replies))
    assert grown < 150, [(round(r.seconds, 1), len(r.text)) for r in replies] + [grown]
    assert largest < 12
    on_sqlite.prove()
