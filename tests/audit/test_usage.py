"""What a person takes, counted from the record, and which limit that reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccessPolicy, User
from accounts.services import ensure_analyst, issue_token
from audit.models import Outcome, QueryLog
from audit.services import Answered, Asked, close_query, open_query
from audit.usage import LIMIT_REASONS, Usage, abandoned_after, refusal, rows_left, usage

Ask = Callable[..., Asked]
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
IDLE = Usage(running=1, last_minute=1, oldest_in_minute=NOW, rows_today=0)
LIMITS = AccessPolicy(name="p").limits


@pytest.fixture
def write(asked: Ask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that writes a row of Alice's, so many seconds before NOW."""

    def written(ago: float = 0.0, whose: dict[str, int] | None = None, **columns: Any) -> int:
        with monkeypatch.context() as clock:
            clock.setattr(timezone, "now", lambda: NOW - timedelta(seconds=ago))
            query_id = open_query(asked(**(whose or {})))
        if columns:
            QueryLog.objects.filter(pk=query_id).update(**columns)
        return query_id

    return written


def used(alice: User, query_id: int | None = None, now: datetime = NOW) -> Usage:
    return usage(alice.pk, now, query_id)


@pytest.mark.proves("USAGE-COUNT")
def test_usage_counts_what_runs_the_last_minute_and_the_rows_of_the_day(
    alice: User, write: Callable[..., int]
) -> None:
    write(1)
    write(2, outcome=Outcome.OK, rows=10)
    write(59, outcome=Outcome.FAILED)
    write(61, outcome=Outcome.OK, rows=100)
    write(43_199, outcome=Outcome.OK, rows=1_000)
    write(43_201, outcome=Outcome.OK, rows=10_000)
    assert used(alice) == Usage(1, 3, NOW - timedelta(seconds=59), 1_110)


@pytest.mark.proves("USAGE-COUNT")
def test_usage_of_a_newcomer_is_nothing(alice: User) -> None:
    assert used(alice) == Usage(0, 0, None, 0)


@pytest.mark.proves("USAGE-COUNT")
def test_nobody_counts_for_somebody_else(alice: User, write: Callable[..., int]) -> None:
    bob = ensure_analyst(username="bob")
    token = issue_token(user=bob, label="desk").token
    write(0, {"user_id": bob.pk, "token_id": token.pk}, rows=5)
    assert used(alice) == Usage(0, 0, None, 0)


@pytest.mark.proves("USAGE-COUNT")
def test_day_begins_at_midnight_utc_wherever_the_moment_was_read(
    alice: User, write: Callable[..., int]
) -> None:
    write(60 * 60 * 12, outcome=Outcome.OK, rows=1)
    write(60 * 60 * 12 + 1, outcome=Outcome.OK, rows=2)
    for hours in (-12, 0, 3, 14):
        elsewhere = NOW.astimezone(timezone.get_fixed_timezone(hours * 60))
        assert used(alice, now=elsewhere).rows_today == 1


@pytest.mark.proves("USAGE-CRASH")
@pytest.mark.parametrize(("late", "running"), [(-1, 1), (1, 0)])
def test_row_that_a_crash_left_running_blocks_nobody_for_longer_than_a_query_can_run(
    alice: User,
    write: Callable[..., int],
    settings: LazySettings,
    late: int,
    running: int,
) -> None:
    settings.MCP_STATEMENT_TIMEOUT, settings.MCP_QUEUE_TIMEOUT = 100, 50
    assert abandoned_after() == timedelta(seconds=210)
    write(210 + late)
    assert used(alice).running == running


@pytest.mark.proves("USAGE-REFUSED-NOT-COUNTED")
@pytest.mark.parametrize("reason", LIMIT_REASONS)
def test_call_that_a_limit_refused_does_not_count_and_another_refusal_does(
    alice: User, write: Callable[..., int], reason: str
) -> None:
    write(1, outcome=Outcome.REFUSED, reason=reason)
    write(2, outcome=Outcome.REFUSED, reason="syntax_error")
    assert used(alice) == Usage(0, 1, NOW - timedelta(seconds=2), 0)


@pytest.mark.proves("USAGE-EXACT")
def test_of_calls_at_the_same_moment_the_lowest_ids_go_on(
    alice: User, write: Callable[..., int]
) -> None:
    ids = [write() for _ in range(6)]
    limits = replace(LIMITS, concurrent_queries=4)
    refused = [refusal(limits, used(alice, query_id), NOW) for query_id in ids]
    assert [bool(one) for one in refused] == [False] * 4 + [True] * 2


@pytest.mark.proves("USAGE-QUERIES")
def test_admission_costs_one_query_and_it_is_served_by_the_indexes(
    alice: User, write: Callable[..., int], django_assert_num_queries: Any
) -> None:
    write()
    used(alice)
    with django_assert_num_queries(1) as captured:
        usage(alice.pk, NOW, 1, 60)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {captured[0]['sql']}")
        plan = [str(row[-1]) for row in cursor.fetchall()]
    looked = [step for step in plan if step.startswith("SEARCH")]
    assert [step.split("INDEX ")[1].split(" ")[0] for step in looked] == [
        "query_running_user",
        "query_user_time",
        "query_user_time",
    ]
    assert len([step for step in looked if "COVERING INDEX query_user_time" in step]) == 2


@pytest.mark.proves("USAGE-COUNT", "USAGE-REFUSED-NOT-COUNTED")
def test_minute_is_counted_exactly_once_it_could_be_too_much(
    alice: User, write: Callable[..., int]
) -> None:
    for _ in range(3):
        write(1, outcome=Outcome.REFUSED, reason=LIMIT_REASONS[1])
    write(2, outcome=Outcome.OK)
    assert usage(alice.pk, NOW, most=4).last_minute == 4
    exactly = usage(alice.pk, NOW, most=3)
    assert (exactly.last_minute, exactly.oldest_in_minute) == (1, NOW - timedelta(seconds=2))


@pytest.mark.proves("USAGE-SETTLED")
def test_day_is_added_up_once_and_goes_on_from_there(
    alice: User, write: Callable[..., int], django_assert_num_queries: Any
) -> None:
    for ago in (30_000, 300, 3):
        write(ago, outcome=Outcome.OK, rows=ago)
    assert used(alice).rows_today == 30_303
    with django_assert_num_queries(1):
        assert usage(alice.pk, NOW, most=60).rows_today == 30_303
    write(0, outcome=Outcome.OK, rows=7)
    later = NOW + timedelta(seconds=400)
    assert usage(alice.pk, later, most=60).rows_today == 30_310
    tomorrow = NOW + timedelta(hours=12)
    assert usage(alice.pk, tomorrow, most=60).rows_today == 0


@pytest.mark.proves("USAGE-SETTLED")
def test_clock_that_was_set_back_makes_the_day_be_added_up_anew(
    alice: User, write: Callable[..., int]
) -> None:
    used(alice, now=NOW + timedelta(hours=2))
    write(0, outcome=Outcome.OK, rows=7)
    assert used(alice, now=NOW + timedelta(seconds=1)).rows_today == 7


@pytest.mark.proves("USAGE-SETTLED")
def test_row_that_may_still_run_is_added_up_when_it_is_closed(
    alice: User, write: Callable[..., int]
) -> None:
    ago = abandoned_after().total_seconds() - 1
    running = write(ago)
    assert used(alice).rows_today == 0
    QueryLog.objects.filter(pk=running).update(outcome=Outcome.OK, rows=5)
    assert used(alice).rows_today == 5


@pytest.mark.proves("USAGE-TOLD")
@pytest.mark.parametrize(
    ("usage_", "reason", "words"),
    [
        (
            replace(IDLE, running=5),
            "concurrent_queries",
            "You may run 4 queries at a time. Wait for one of yours to end, then ask again.",
        ),
        (
            replace(IDLE, last_minute=61, oldest_in_minute=NOW - timedelta(seconds=48.2)),
            "queries_per_minute",
            "You may ask 60 queries a minute. Try again in 12 s; one larger query often does "
            "for many.",
        ),
        (
            replace(IDLE, rows_today=1_000_000),
            "rows_per_day",
            "You may read 1,000,000 rows a day, and today's are used up. This frees at 00:00 UTC, "
            "in 12 h 0 min.",
        ),
    ],
)
def test_refusal_says_which_limit_and_when_it_frees(usage_: Usage, reason: str, words: str) -> None:
    refused = refusal(LIMITS, usage_, NOW)
    assert refused is not None
    assert (refused.reason, str(refused)) == (reason, words)


@pytest.mark.proves("USAGE-TOLD")
def test_whoever_waits_as_long_as_told_is_let_in(alice: User, write: Callable[..., int]) -> None:
    limits = replace(LIMITS, queries_per_minute=3)
    for ago in (50, 30, 10):
        write(ago, outcome=Outcome.OK)
    mine = write()
    assert "in 10 s" in str(refusal(limits, used(alice, mine), NOW))
    QueryLog.objects.filter(pk=mine).update(outcome="refused", reason="queries_per_minute")
    later = NOW + timedelta(seconds=10)
    again = write(-10)
    assert refusal(limits, used(alice, again, later), later) is None


@pytest.mark.proves("USAGE-TOLD")
def test_at_the_limit_is_not_over_it() -> None:
    at = Usage(running=4, last_minute=60, oldest_in_minute=NOW, rows_today=999_999)
    assert refusal(LIMITS, at, NOW) is None


@pytest.mark.proves("USAGE-TOLD")
def test_one_is_said_in_the_singular_and_the_last_minutes_of_the_day_in_minutes() -> None:
    limits = replace(LIMITS, concurrent_queries=1, rows_per_day=1)
    assert "1 query at a time" in str(refusal(limits, replace(IDLE, running=2), NOW))
    late = NOW.replace(hour=23, minute=58, second=30)
    told = str(refusal(limits, replace(IDLE, rows_today=1), late))
    assert "1 row a day" in told
    assert "in 2 min." in told


@pytest.mark.proves("USAGE-ROWS-LEFT")
@pytest.mark.parametrize(
    ("today", "left"), [(0, 10_000), (995_000, 5_000), (1_000_000, 0), (1_200_000, 0)]
)
def test_last_result_of_the_day_has_the_rows_that_are_left(today: int, left: int) -> None:
    assert rows_left(LIMITS, replace(IDLE, rows_today=today)) == left


@pytest.mark.proves("USAGE-QUERIES")
def test_opening_a_row_costs_one_query_on_sqlite(asked: Ask) -> None:
    with CaptureQueriesContext(connection) as captured:
        query_id = open_query(asked())
    assert len(captured) == 1
    close_query(query_id, asked(), Answered())
