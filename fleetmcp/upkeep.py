"""What the server does by itself, beside answering: it seals, and closes and writes down the rest.

Several processes may do it at once: of two who seal the same segment one is the first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from django.conf import settings
from django.db import Error as DatabaseError

from audit.cancelling import close_abandoned
from audit.refused import record_refused
from audit.reports.days import count_next_day
from audit.seals import seal_audit
from fleetmcp.mcp import records
from fleetmcp.mcp.refusals import refusals

logger = logging.getLogger(__name__)

MINUTE_S, HOUR_S = 60.0, 3600.0
# At a time: sealing a long history must not keep a thread, or the whole process, from the calls.
_SEGMENTS = 5
_PAUSE_S = 1.0

_Job = Callable[[], Coroutine[object, object, None]]


@asynccontextmanager
async def kept_up() -> AsyncIterator[None]:
    """Do all of it for as long as the server lives, and write down the last refusals at the end."""
    jobs: list[tuple[float, _Job]] = [
        (MINUTE_S, tidy),
        (MINUTE_S, write_refusals),
        (HOUR_S, count_days),
    ]
    if settings.AUDIT_SEAL_SECONDS:
        jobs.append((settings.AUDIT_SEAL_SECONDS, seal))
    tasks = [asyncio.create_task(_every(seconds, job)) for seconds, job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _tried(write_refusals)


async def tidy() -> None:
    """Close the rows that a crash left open."""
    await records.run(close_abandoned)


async def seal() -> None:
    """Seal everything that is finished, a little at a time."""
    while await records.run(seal_audit, at_most=_SEGMENTS) == _SEGMENTS:
        await asyncio.sleep(_PAUSE_S)


async def count_days() -> None:
    """Add up the closed days for the usage page, one after the other."""
    while await records.run(count_next_day):
        await asyncio.sleep(_PAUSE_S)


async def write_refusals() -> None:
    """Write down the requests without a valid token; if that fails, they are kept for next time."""
    taken = refusals.taken()
    try:
        counted = [(*refusal, times) for refusal, times in taken.items()]
        await records.run(record_refused, counted)
    except DatabaseError:
        for refusal, times in taken.items():
            refusals.count(refusal, times)
        raise


async def _every(seconds: float, job: _Job) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _tried(job)


async def _tried(job: _Job) -> None:
    """Whatever goes wrong is logged, and tried again next time: the server goes on."""
    try:
        await job()
    except DatabaseError as error:
        logger.error("Upkeep (%s) failed: %s", job.__name__, type(error).__name__)
    except Exception:
        logger.exception("Upkeep (%s) failed.", job.__name__)
