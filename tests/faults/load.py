"""Clients that ask without a break while something fails, and what they were told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from tests.faults.house import House, Reply

CLIENTS = 12


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
            time.sleep(0.5)
            yield replies
        finally:
            over.set()
        for load in loads:
            load.result()


def kinds(replies: list[Reply]) -> str:
    """Return how many answers of each kind there were."""
    found = sorted({reply.kind for reply in replies})
    return ", ".join(f"{sum(r.kind == kind for r in replies)} {kind}" for kind in found)


def slowest(replies: list[Reply]) -> float:
    """Return the time of the slowest answer."""
    return max(reply.seconds for reply in replies)


@contextmanager
def healthy(house: House, at_most: float = 4.0) -> Iterator[list[float]]:
    """Ask /healthz all the time meanwhile; each must be 200 within that time."""
    times = [0.0]
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            started = time.monotonic()
            assert httpx.get(f"{house.server.url}/healthz", timeout=30).status_code == 200
            times.append(time.monotonic() - started)

    with ThreadPoolExecutor(1) as pool:
        watch = pool.submit(look)
        try:
            yield times
        finally:
            over.set()
        watch.result()
    assert max(times) < at_most
