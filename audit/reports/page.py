"""The usage page's contents: each figure with the address of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import User
from audit.charts import Column, heat_map, stacked_columns
from audit.hidden import visible
from audit.models import CatalogObject, Outcome
from audit.reports import links
from audit.reports.figures import EVENING, MORNING, Figures, Tally
from audit.reports.loading import Loaded
from audit.reports.periods import Period
from audit.reports.tables import Row, Table, counted, duration, linked, seconds
from audit.reports.tops import MOST, tops
from audit.reports.unusual import AT_LEAST, TIMES, Busy, OffHours, busy_days, off_hours

MOST_COLUMNS = 92
WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
OUTCOMES = [
    *(Outcome.OK, Outcome.REFUSED, Outcome.FAILED),
    *(Outcome.TIMED_OUT, Outcome.CANCELLED, Outcome.RUNNING),
]


def contents(found: Loaded) -> dict[str, Any]:
    """Return what the template shows, by name."""
    total = found.total()
    names = dict(User.objects.filter(pk__in=found.habits).values_list("pk", "username"))
    return {
        "headline": _headline(found, total),
        "outcomes": [(str(one.value), one.label) for one in OUTCOMES],
        **_days(found),
        **_heat(found),
        "people": _people(found, names),
        "tops": tops(found.period, total, found.people),
        "unusual": [_first(found, names), _busy(found, names), _nights(found, names)],
    }


def _headline(found: Loaded, total: Figures) -> list[Row]:
    people = len({user for _, user in found.days})
    share = 100 * total.refused / total.queries if total.queries else 0
    everything = links.history(found.period)
    return [
        Row("Queries", everything, (f"{total.queries:,}",)),
        Row("People", "#people", (f"{people:,}",)),
        Row("Rows read", everything, (f"{total.rows:,}",)),
        Row("Refused", links.history(found.period, outcome="refused"), (f"{share:.1f} %",)),
        Row("Half took at most", "#slowest", (seconds(total.percentile(0.5)),)),
        Row("95 % took at most", "#slowest", (seconds(total.percentile(0.95)),)),
    ]


def _days(found: Loaded) -> dict[str, Any]:
    stretches = list(_stretches(found))
    title = f"Queries, {found.period}, by outcome"
    says = "A column for each day, or each week of a long period. The table below has the numbers."
    columns = [_column(*one) for one in stretches]
    rows = [Row(str(p), links.history(p), _outcome_cells(p, tally)) for p, tally in stretches]
    heads = ("Days", *(one.label for one in OUTCOMES))
    return {
        "days_chart": stacked_columns("days", title, says, columns),
        "days": Table("days", "Queries by day in numbers", heads, rows),
    }


def _stretches(found: Loaded) -> Iterable[tuple[Period, Tally]]:
    """Yield days, or weeks where there would be too many columns."""
    days = list(found.by_day().items())
    size = 1 if len(days) <= MOST_COLUMNS else 7
    for start in range(0, len(days), size):
        part = days[start : start + size]
        tally = Tally()
        for _, one in part:
            tally.include(one)
        yield Period(part[0][0], part[-1][0]), tally


def _column(period: Period, tally: Tally) -> Column:
    parts = [(f"o-{one.value}", tally.outcomes[one]) for one in OUTCOMES]
    says = f"{period}: queries {tally.queries:,}, refused {tally.refused:,}"
    return Column(str(period)[5:10], parts, links.history(period), says)


def _outcome_cells(period: Period, tally: Tally) -> list[str]:
    return [
        linked(tally.outcomes[one], links.history(period, outcome=one.value)) for one in OUTCOMES
    ]


def _heat(found: Loaded) -> dict[str, Any]:
    says = "A cell for each hour of the week; the darker, the more. The table below has numbers."
    cells = {
        (day, hour): (n, links.history(found.period, weekday=day, hours=str(hour)))
        for (day, hour), n in found.by_weekday_and_hour().items()
    }
    rows = [
        Row(label, "", [linked(*cells.get((day, hour), (0, ""))) for hour in range(24)])
        for day, label in enumerate(WEEKDAYS)
    ]
    heads = ("Day", *(f"{hour:02}" for hour in range(24)))
    title = "Queries by weekday and hour"
    return {
        "heat_chart": heat_map("heat", title, says, WEEKDAYS, cells),
        "heat": Table("heat", f"{title} in numbers", heads, rows),
    }


def _people(found: Loaded, names: dict[int, str]) -> Table:
    tallies = found.by_person()
    most = max((one.queries for one in tallies.values()), default=0)
    rows = [_person(found.period, user, names[user], one, most) for user, one in tallies.items()]
    return Table("people", "People", ("Person", "", "Queries", "Refused", "Rows", "Time"), rows)


def _person(period: Period, user: int, name: str, tally: Tally, most: int) -> Row:
    refused = links.history(period, person=user, outcome="refused")
    cells = (
        *counted(tally.queries, most, links.history(period, person=user)),
        *(linked(tally.refused, refused), f"{tally.rows:,}", duration(tally.duration_ms)),
    )
    return Row(name, links.history(period, person=user), cells)


def _first(found: Loaded, names: dict[int, str]) -> Table:
    shown = found.first[: 2 * MOST]
    things = CatalogObject.objects.in_bulk([one.object for one in shown])
    rows = [
        Row(str(things[o.object]), links.query(o.query), (visible(names[o.user]),)) for o in shown
    ]
    note = "The person had never read it before, as far as the record goes back."
    more = len(found.first) - len(shown)
    note += f" There are {more:,} more." if more else ""
    return Table("first", "First time on a table", ("Table or function", "Person"), rows, note)


def _busy(found: Loaded, names: dict[int, str]) -> Table:
    rows = [
        Row(*_who_when(names, one), (f"{one.rows:,}", f"{one.usual:,}"))
        for one in busy_days(found)[:MOST]
    ]
    note = (
        f"More than {AT_LEAST:,} rows on a day, and more than {TIMES} times the person's own "
        "median day of the 30 days before."
    )
    heads = ("Person and day", "Rows", "Usual")
    return Table("busy", "Far more rows than usual", heads, rows, note)


def _nights(found: Loaded, names: dict[int, str]) -> Table:
    nights = off_hours(found)[: 2 * MOST]
    whose = [(*_who_when(names, one, links.OFF_HOURS), one.queries) for one in nights]
    rows = [Row(name, link, (linked(number, link),)) for name, link, number in whose]
    note = (
        f"Before {MORNING:02}:00 or from {EVENING}:00 on, by people who asked less than a tenth "
        "of their queries of the 30 days before at such hours."
    )
    return Table("nights", "Off hours", ("Person and day", "Queries"), rows, note)


def _who_when(names: dict[int, str], one: Busy | OffHours, hours: str = "") -> tuple[str, str]:
    link = links.history(Period(one.day, one.day), person=one.user, hours=hours)
    return f"{names[one.user]}, {one.day}", link
