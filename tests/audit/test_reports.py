"""The figures behind the usage page: what is counted, kept, and found unusual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import CatalogObject, FirstTouch, Outcome, QueryLog, UsageDay
from audit.reports import loading
from audit.reports.counting import count
from audit.reports.days import count_closed_days, forget_days, next_uncounted
from audit.reports.figures import Figures, bucket, loaded, milliseconds
from audit.reports.loading import Loaded, load
from audit.reports.periods import BadPeriod, Period, asked_for, last_days
from audit.reports.unusual import busy_days, off_hours
from audit.touched import Touch
from tests.audit.history import ask, days_ago
from tests.audit.sealed import Record

DRIVERS = Touch("table", "tracksolid", "drivers")
TRIPS = Touch("table", "reporting", "v_trips")


def report(days: int, viewer: User, *, counted: bool = True) -> Loaded:
    now = timezone.now()
    if counted:
        list(count_closed_days(now))
    return load(User.objects.visible_to(viewer), last_days(days, now.date()), now)


@pytest.mark.proves("REPORT-COUNTS")
def test_every_figure_counts_exactly_the_periods_queries(
    alice: User, bob: User, otto: User
) -> None:
    ask(alice, days_ago(40), rows=999)
    ask(alice, days_ago(3, 9), rows=10, ms=200, fingerprint="beef", touched=(DRIVERS,))
    ask(alice, days_ago(3, 9), outcome=Outcome.REFUSED, reason="not_select", rows=None, ms=1)
    ask(bob, timezone.now(), rows=5, ms=3000, fingerprint="beef", touched=(TRIPS,))
    found = report(7, otto)
    total = found.total()
    assert (total.queries, total.refused, total.rows, total.duration_ms) == (3, 1, 15, 3201)
    assert total.reasons == {"not_select": 1}
    assert total.fingerprints == {"beef": 2}
    assert [ms for ms, _ in total.slowest] == [3000, 200, 1]
    assert {user: one.queries for user, one in found.by_person().items()} == {
        alice.pk: 2,
        bob.pk: 1,
    }
    by_day = [one.queries for one in found.by_day().values()]
    assert by_day == [0, 0, 0, 2, 0, 0, 1]
    cells = found.by_weekday_and_hour()
    assert cells[days_ago(3).weekday(), 9] == 2
    names = {str(thing.pk): str(thing) for thing in CatalogObject.objects.all()}
    assert {names[key]: n for key, n in total.objects.items()} == {
        "tracksolid.drivers": 1,
        "reporting.v_trips": 1,
    }


@pytest.mark.proves("REPORT-DAYS")
def test_closed_days_are_counted_once_and_today_is_not(alice: User) -> None:
    ask(alice, days_ago(2))
    ask(alice, days_ago(5))
    ask(alice, timezone.now())
    done = list(count_closed_days(timezone.now()))
    assert done == [days_ago(5).date(), days_ago(2).date()]
    assert list(count_closed_days(timezone.now())) == []
    assert UsageDay.objects.count() == 2


@pytest.mark.proves("REPORT-DAYS")
def test_kept_day_says_what_counting_it_again_would(alice: User, bob: User) -> None:
    for person in (alice, bob, alice):
        ask(person, days_ago(2, 21), fingerprint="beef", touched=(TRIPS,), rows=7)
    list(count_closed_days(timezone.now()))
    again = count(days_ago(2).date())
    kept = {day.user_id: loaded(day.figures) for day in UsageDay.objects.all()}
    assert kept == dict(again.figures)
    assert UsageDay.objects.get(user=alice).off_hours == 2


@pytest.mark.proves("REPORT-DAYS")
def test_day_that_just_ended_stays_open_as_long_as_a_query_may_run(alice: User) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    ask(alice, midnight - timedelta(seconds=1))
    assert next_uncounted(midnight + timedelta(seconds=5)) is None
    assert next_uncounted(midnight + timedelta(minutes=30)) == midnight.date() - timedelta(days=1)


@pytest.mark.proves("REPORT-DAYS")
def test_days_can_be_forgotten_and_counted_again(alice: User) -> None:
    ask(alice, days_ago(3), touched=(TRIPS,))
    list(count_closed_days(timezone.now()))
    before = list(UsageDay.objects.values_list("day", "user", "queries", "figures"))
    assert forget_days() == days_ago(3).date()
    assert not UsageDay.objects.exists()
    assert not FirstTouch.objects.exists()
    list(count_closed_days(timezone.now()))
    assert list(UsageDay.objects.values_list("day", "user", "queries", "figures")) == before


@pytest.mark.proves("REPORT-DAYS")
def test_page_says_when_days_are_not_counted_yet(
    alice: User, otto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_PATIENCE", 0)
    for days in (4, 3, 2):
        ask(alice, days_ago(days))
    assert report(7, otto, counted=False).missing
    assert report(7, otto, counted=False).missing
    found = report(7, otto, counted=False)
    assert not found.missing
    assert found.total().queries == 3


@pytest.mark.proves("REPORT-UNUSUAL")
def test_first_time_on_a_table_is_found_in_closed_days_and_today(alice: User, otto: User) -> None:
    ask(alice, days_ago(40), touched=(TRIPS,))
    ask(alice, days_ago(2), touched=(TRIPS,))
    closed = ask(alice, days_ago(2), touched=(DRIVERS,))
    now = timezone.now()
    today = ask(alice, now, touched=(DRIVERS, Touch("table", "reporting", "v_costs")))
    found = report(7, otto)
    names = {thing.pk: thing.name for thing in CatalogObject.objects.all()}
    assert {(names[one.object], one.query) for one in found.first} == {
        ("drivers", closed),
        ("v_costs", today),
    }


@pytest.mark.proves("REPORT-UNUSUAL")
def test_day_far_over_a_persons_own_habit_is_found(alice: User, bob: User, otto: User) -> None:
    for days in range(4, 20):
        ask(alice, days_ago(days), rows=100)
        ask(bob, days_ago(days), rows=9_000)
    ask(alice, days_ago(2), rows=10_001)
    ask(bob, days_ago(2), rows=10_001)
    [busy] = busy_days(report(7, otto))
    assert (busy.user, busy.rows, busy.usual) == (alice.pk, 10_001, 100)


@pytest.mark.proves("REPORT-UNUSUAL")
def test_day_of_few_rows_is_never_far_too_busy(alice: User, otto: User) -> None:
    ask(alice, days_ago(9), rows=1)
    ask(alice, days_ago(2), rows=10_000)
    assert busy_days(report(7, otto)) == []


@pytest.mark.proves("REPORT-UNUSUAL")
def test_off_hours_are_unusual_for_those_who_work_by_day(
    alice: User, bob: User, otto: User
) -> None:
    for days in range(8, 20):
        ask(alice, days_ago(days, 10))
        ask(bob, days_ago(days, 22))
    ask(alice, days_ago(2, 3))
    ask(alice, days_ago(3, 6))
    ask(bob, days_ago(2, 3))
    [night] = off_hours(report(7, otto))
    assert (night.user, night.day, night.queries) == (alice.pk, days_ago(2).date(), 1)


@pytest.mark.proves("REPORT-COUNTS")
@pytest.mark.parametrize("ms", [0, 1, 99, 1000, 29_999, 600_000])
def test_bucket_stands_for_durations_near_it(ms: int) -> None:
    assert milliseconds(int(bucket(ms))) == pytest.approx(ms, rel=0.1, abs=1)


@pytest.mark.proves("REPORT-COUNTS")
def test_percentiles_say_what_that_share_stayed_within() -> None:
    figures = Figures()
    for ms in [100] * 94 + [5000] * 6:
        figures.durations[bucket(ms)] += 1
    assert figures.percentile(0.5) == pytest.approx(100, rel=0.1)
    assert figures.percentile(0.95) == pytest.approx(5000, rel=0.1)
    assert Figures().percentile(0.5) == 0


@pytest.mark.proves("REPORT-PERIOD")
def test_period_is_chosen_by_days_or_by_first_and_last_day() -> None:
    today = days_ago(0).date()
    week = Period(today - timedelta(days=6), today, "7")
    assert asked_for({"days": "7"}, today) == week
    assert asked_for({}, today).choice == "30"
    day = today - timedelta(days=40)
    assert asked_for({"from": str(day), "to": str(day)}, today) == Period(day, day)
    assert asked_for({"from": str(day)}, today) == Period(day, today)


@pytest.mark.proves("REPORT-PERIOD")
@pytest.mark.parametrize(
    "words",
    [
        {"days": "31"},
        {"from": "yesterday"},
        {"from": "2026-02-30", "to": "2026-03-01"},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "2020-01-01", "to": "2026-03-01"},
        {"to": "2099-01-01"},
    ],
)
def test_period_that_is_none_is_refused_with_a_sentence(words: dict[str, str]) -> None:
    with pytest.raises(BadPeriod, match=r"\w+ .*\."):
        asked_for(words, datetime(2026, 3, 20, tzinfo=UTC).date())


@pytest.mark.proves("REPORT-DAYS")
def test_command_counts_the_days_on_both_databases(record: Record) -> None:
    said = record.manage("count_usage")
    assert said.startswith("Counted ")
    [(days, queries)] = record.run("SELECT count(DISTINCT day), sum(queries) FROM audit_usageday")
    assert said.strip() == f"Counted {days} days."
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    [(closed,)] = record.run(
        f"SELECT count(*) FROM audit_querylog WHERE started_at < '{midnight:%Y-%m-%d %H:%M:%S}'"
    )
    assert queries == closed
    before = record.run("SELECT day, user_id, figures FROM audit_usageday ORDER BY 1, 2")
    record.manage("count_usage", "--again")
    assert record.run("SELECT day, user_id, figures FROM audit_usageday ORDER BY 1, 2") == before


@pytest.mark.proves("REPORT-DAYS")
def test_nothing_to_count_is_no_error(db: None) -> None:
    assert not QueryLog.objects.exists()
    assert list(count_closed_days(timezone.now())) == []
    assert forget_days() is None
