"""A fault under load: clients ask without a break meanwhile, and all that must hold is checked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.faults.house import House
from tests.faults.processes import SLACK, eventually
from tests.faults.reply import Reply, kinds, slowest
from tests.faults.saw import Saw

CLIENTS = 12
# What an analyst may have to wait for, while others misbehave.
P95_S = 3.0
# The door waits that long for a token to be looked up, the record for its row; and a margin.
MOST_S = 30
TOLD = frozenset({"not_recorded", "503"})
# Where a commit's confirmation is lost, a row stays open until the server abandons it.
CLOSED_S = 150


@dataclass(frozen=True)
class Bounds:
    """What must hold: the codes that clients may be told beside "ok", and all the seconds."""

    told: frozenset[str]
    answer: float
    again: float
    healthz: float = 4.0
    clients: int = CLIENTS
    closed: float = 30


def endure(
    house: House, saw: Saw, fault: Callable[[], None], bounds: Bounds, note: str = ""
) -> list[Reply]:
    """Let the fault happen under load and check all of it; returns what the clients were told."""
    house.recovered(10)
    with (
        asking(house, bounds.clients) as replies,
        healthy(house, bounds.healthz) as times,
    ):
        fault()
        back = house.recovered(bounds.again)
    seen = f"{note}{kinds(replies)}; healthz {max(times):.2f} s"
    saw(seen, answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= {"ok"} | bounds.told
    in_time(replies, bounds.answer)
    house.prove(bounds.closed)
    if abandoned := house.rows("reason = 'abandoned'"):
        saw(f"{abandoned} rows closed as abandoned")
    return replies


def judged(
    house: House, saw: Saw, replies: list[Reply], told: frozenset[str], *, answer: float
) -> None:
    """Check that all were told one of that in time, and that all is well afterwards."""
    back = house.recovered(5)
    saw(kinds(replies), answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= told
    in_time(replies, answer)
    house.prove()


def in_time(replies: list[Reply], seconds: float) -> None:
    """Fail unless each answer came within that time."""
    assert slowest(replies) < seconds * SLACK


def lasting(fault: AbstractContextManager[object], seconds: float) -> Callable[[], None]:
    """Return what makes the fault last that long."""

    def last() -> None:
        with fault:
            time.sleep(seconds)

    return last


@contextmanager
def asking(house: House, clients: int = CLIENTS) -> Iterator[list[Reply]]:
    """Let clients ask without a break meanwhile; yields the growing list of their answers."""
    replies: list[Reply] = []
    over = threading.Event()

    def ask(number: int) -> None:
        count = 0
        while not over.is_set():
            count += 1
            who = "alice" if number % 2 else "bob"
            replies.append(house.ask(f"SELECT {number}, {count}", who))
            time.sleep(0.05)

    with ThreadPoolExecutor(clients) as pool:
        loads = [pool.submit(ask, number) for number in range(clients)]
        try:
            eventually(lambda: len(replies) >= clients, 30, "the load never begins")
            yield replies
        finally:
            over.set()
        for load in loads:
            load.result()


@contextmanager
def healthy(house: House, at_most: float = 4.0) -> Iterator[list[float]]:
    """Ask /healthz all the time meanwhile; each must be 200 within that time."""
    times = [0.0]
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            started = time.monotonic()
            assert house.page("/healthz").status_code == 200
            times.append(time.monotonic() - started)

    with ThreadPoolExecutor(1) as pool:
        watch = pool.submit(look)
        try:
            yield times
        finally:
            over.set()
        watch.result()
    assert max(times) < at_most * SLACK
