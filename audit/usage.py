"""How much a person takes, counted from the record itself, and which limit that reaches.

So the limits hold over all workers and replicas, without another service. A call's row is opened
first and counted afterwards, itself included, up to its own id: of the calls that arrive at the
same moment the ones with the lowest ids go on, and nobody has to wait for a lock while counting.
That is exact, because one person's rows become visible in the order of their ids (``open_query``):
whoever counts sees every row that came before.

A call that is over a limit stays in the count until its row is closed, a few milliseconds: in that
time another one may be refused too early, but never let in too many.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import connection

from accounts.limits import PolicyLimits
from audit.settled import settled_rows, stored

MINUTE = timedelta(seconds=60)
_SLACK = timedelta(seconds=60)

CONCURRENT_QUERIES = "concurrent_queries"
QUERIES_PER_MINUTE = "queries_per_minute"
ROWS_PER_DAY = "rows_per_day"
LIMIT_REASONS = (CONCURRENT_QUERIES, QUERIES_PER_MINUTE, ROWS_PER_DAY)


@dataclass(frozen=True)
class Usage:
    """What a person takes at a moment; the call that asks is in the first two numbers.

    ``oldest_in_minute`` is known where the minute was counted exactly.
    """

    running: int
    last_minute: int
    oldest_in_minute: datetime | None
    rows_today: int


@dataclass(frozen=True)
class Refusal:
    """The limit that is reached: ``reason`` for the row, the rest for the analyst."""

    reason: str
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.what} {self.hint}"


# Written by hand: to have Django compile it would cost four times what the database needs for it.
# The ids are no condition of the rows read, or a planner would walk the person's whole history.
_QUICK = """
SELECT
  (SELECT count(*) FROM audit_querylog WHERE user_id = %(user)s AND outcome = 'running'
   AND started_at > %(still)s AND started_at < %(ahead)s AND id <= %(own)s),
  (SELECT count(*) FROM (SELECT 1 FROM audit_querylog
   WHERE user_id = %(user)s AND started_at > %(minute)s AND started_at < %(ahead)s
   LIMIT %(most)s) AS newest),
  (SELECT coalesce(sum("rows"), 0) FROM audit_querylog
   WHERE user_id = %(user)s AND started_at >= %(since)s)
"""
_MINUTE = """
SELECT count(*), min(started_at) FROM audit_querylog
WHERE user_id = %(user)s AND started_at > %(minute)s AND started_at < %(ahead)s
AND id <= %(own)s
AND reason NOT IN ('concurrent_queries', 'queries_per_minute', 'rows_per_day', 'paused')
"""
_ANY_ID = 2**63 - 1


def usage(
    user_id: int, now: datetime, query_id: int | None = None, most: int | None = None
) -> Usage:
    """Return what the person takes, up to and including that query, by the indexes.

    Calls that a limit or a pause refused don't count, or an impatient client would lock itself
    out; nor do those of the future, which a clock that was set back left behind. A row that a
    crash left ``running`` stops counting when it can't be running any more.
    As long as a minute has no more than ``most`` calls of any kind, ``last_minute`` counts them
    all, for nobody will refuse them.
    """
    rows_before, since = settled_rows(user_id, _midnight(now), now - abandoned_after())
    values = {
        "user": user_id,
        "own": _ANY_ID if query_id is None else query_id,
        "most": (0 if most is None else most) + 1,
        "still": stored(now - abandoned_after()),
        "minute": stored(now - MINUTE),
        "ahead": stored(now + _SLACK),
        "since": stored(since),
    }
    with connection.cursor() as cursor:
        cursor.execute(_QUICK, values)
        ((running, last_minute, rows),) = cursor.fetchall()
        oldest = None
        if most is None or last_minute > most:
            cursor.execute(_MINUTE, values)
            ((last_minute, oldest),) = cursor.fetchall()
    return Usage(running, last_minute, _moment(oldest), rows_before + int(rows))


def _moment(stored: datetime | str | None) -> datetime | None:
    """SQLite has no type for it: Django keeps moments as text there, in UTC."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored


def refusal(limits: PolicyLimits, used: Usage, now: datetime) -> Refusal | None:
    """Return the limit that the call is over and when it frees, or None when it may run."""
    if used.running > limits.concurrent_queries:
        return Refusal(
            CONCURRENT_QUERIES,
            f"You may run {_counted(limits.concurrent_queries, 'query', 'queries')} at a time.",
            "Wait for one of yours to end, then ask again.",
        )
    if used.last_minute > limits.queries_per_minute:
        return Refusal(
            QUERIES_PER_MINUTE,
            f"You may ask {_counted(limits.queries_per_minute, 'query', 'queries')} a minute.",
            f"Try again in {_seconds_left(used, now)} s; one larger query often does for many.",
        )
    if used.rows_today >= limits.rows_per_day:
        return Refusal(
            ROWS_PER_DAY,
            f"You may read {_counted(limits.rows_per_day, 'row', 'rows')} a day, "
            f"and today's are used up.",
            f"This frees at 00:00 UTC, in {_until_midnight(now)}.",
        )
    return None


def rows_left(limits: PolicyLimits, used: Usage) -> int:
    """Return how many rows one result may have: of the policy and the rest of the day the less."""
    return max(0, min(limits.max_rows, limits.rows_per_day - used.rows_today))


def abandoned_after() -> timedelta:
    """Return how long a query can run at most, its time in the queue included."""
    return timedelta(seconds=settings.MCP_STATEMENT_TIMEOUT + settings.MCP_QUEUE_TIMEOUT) + _SLACK


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _seconds_left(used: Usage, now: datetime) -> int:
    oldest = used.oldest_in_minute or now
    return max(1, ceil((oldest + MINUTE - now).total_seconds()))


def _until_midnight(now: datetime) -> str:
    minutes = ceil((_midnight(now) + timedelta(days=1) - now).total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
