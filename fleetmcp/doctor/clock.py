"""Do the clocks agree? Tokens expire and rows are dated by ours."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import connection

from fleetmcp.doctor.lines import Line, fail, ok, warn
from fleetmcp.doctor.sessions import answers

NOW = "SELECT extract(epoch FROM pg_catalog.clock_timestamp())::float8"


def analytics() -> Iterator[Line]:
    """The analytics database's clock is ours."""
    started = time.time()
    [(theirs,)] = answers(NOW)
    yield judged("analytics", apart(started, time.time(), theirs))


def application() -> Iterator[Line]:
    """So is the app database's, if it has one."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        started = time.time()
        cursor.execute(NOW)
        yield judged("app", apart(started, time.time(), cursor.fetchone()[0]))


def apart(started: float, ended: float, theirs: float) -> float:
    """Return how many seconds lie between the clocks at least, the way to and fro considered."""
    return max(started - theirs, theirs - ended, 0.0)


def judged(which: str, seconds: float) -> Line:
    """Say what we think of that difference."""
    text = f"The {which} database's clock and ours are {seconds:.1f} s apart."
    todo = "Let both hosts take their time from NTP."
    if seconds > 30:
        return fail(text, todo)
    return warn(text, todo) if seconds > 2 else ok(text)
