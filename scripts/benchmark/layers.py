"""What each layer of one call costs, each alone in a process of its own; prints JSON.

Run by scripts/bench in the surroundings of a server, with the tokens of people as its words.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import cycle
from statistics import median
from typing import Any
from urllib.parse import urlsplit

TIMES = 300
Cost = tuple[float, float]
"""Milliseconds by the clock (median), and of processor time in all threads (mean)."""


def costs(tokens: Sequence[str]) -> Mapping[str, Cost]:
    """Return what each layer costs for ``SELECT 1``, and the whole call through ASGI."""
    from fleetmcp.asgi import Application

    found = {name: timed(job) for name, job in _jobs(tokens).items()}
    return {**found, **asyncio.run(_whole(Application(), tokens))}


def timed(job: Callable[[], object]) -> Cost:
    """Return the cost of a job that is done over and over."""
    for _ in range(30):
        job()
    walls, spent = [], time.process_time()
    for _ in range(TIMES):
        started = time.perf_counter()
        job()
        walls.append((time.perf_counter() - started) * 1000)
    return median(walls), (time.process_time() - spent) * 1000 / TIMES


def _jobs(tokens: Sequence[str]) -> Mapping[str, Callable[[], object]]:
    from accounts.authentication import examine
    from audit.services import Answered, end_query
    from fleetmcp.analytics import snapshot
    from fleetmcp.analytics.connection import scrub, scrubbed_later
    from fleetmcp.analytics.judging import judge
    from fleetmcp.analytics.limits import limits_for
    from fleetmcp.analytics.queries import run_select
    from fleetmcp.analytics.ticket import Ticket
    from fleetmcp.mcp import admission
    from fleetmcp.mcp.call import Visitor
    from fleetmcp.mcp.rows import asked_of

    headers = cycle([f"Bearer {token}" for token in tokens])
    visitors = cycle([Visitor(_caller(token), "bench", "127.0.0.1", "") for token in tokens])
    ticket = Ticket("bench", "1")
    policy = snapshot.current_policy(ticket)
    facts = snapshot.kept_facts()
    statement = judge("SELECT 1", policy, facts).accepted()
    opened: list[int] = []

    def open_row() -> None:
        visitor = next(visitors)
        asked = asked_of(visitor, "query", {"sql": "SELECT 1"})
        opened.append(admission._open_and_count(visitor, asked)[0])

    def run() -> None:
        with scrubbed_later():
            run_select(statement, policy, ticket, limits_for(1000))

    def run_and_clean() -> None:
        run()
        scrub()

    return {
        "find out who calls": lambda: examine(next(headers)),
        "open the row, count the limits": open_row,
        "judge the SQL, note what it reads": lambda: judge("SELECT 1", policy, facts),
        "run it, with the session's cleaning": run_and_clean,
        "close the row": lambda: end_query(opened.pop(), Answered(fingerprint="x")),
    }


def _caller(token: str) -> Any:
    from accounts.authentication import authenticate

    caller = authenticate(f"Bearer {token}")
    if caller is None:
        raise SystemExit("The benchmark's token opens nothing.")
    return caller


async def _whole(app: Any, tokens: Sequence[str]) -> Mapping[str, Cost]:
    """Return what a call and a ping cost from ASGI's first message to its last."""
    from django.conf import settings

    host = urlsplit(settings.PUBLIC_URL).netloc.encode()
    headers = [(b"host", host), (b"accept", b"application/json, text/event-stream")]
    bearers = cycle([(b"authorization", f"Bearer {token}".encode()) for token in tokens])
    headers += [(b"content-type", b"application/json")]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/mcp"}
    scope |= {"query_string": b"", "client": ("127.0.0.1", 1), "scheme": "http", "root_path": ""}
    arguments = {"name": "query", "arguments": {"sql": "SELECT 1"}}

    async def ask(method: str, params: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else await asyncio.Future()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app({**scope, "headers": [*headers, next(bearers)]}, receive, send)
        if sent[0]["status"] != 200 or b'"isError":true' in sent[1]["body"]:
            raise SystemExit(f"Unexpected: {sent}")

    async with app._endpoint.running():
        return {
            "a ping through all of it but the tools": await _awaited(lambda: ask("ping", {})),
            "a call through all of it": await _awaited(lambda: ask("tools/call", arguments)),
        }


async def _awaited(job: Callable[[], Awaitable[None]]) -> Cost:
    for _ in range(30):
        await job()
    walls, spent = [], time.process_time()
    for _ in range(TIMES):
        started = time.perf_counter()
        await job()
        walls.append((time.perf_counter() - started) * 1000)
    return median(walls), (time.process_time() - spent) * 1000 / TIMES


if __name__ == "__main__":
    import fleetmcp.asgi  # noqa: F401  # makes Django ready

    print(json.dumps(costs(sys.argv[1:])))
