"""An invented history for trials: the same each time for the same words, and no real person's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random

DAYS = 400
_HOURS_OF_WEEK = 24 * 7
_CITIES = "Nairobi Mombasa Kisumu Nakuru Eldoret Thika Malindi Kitale Garissa Kakamega".split()
_CLIENTS = ("claude-code/2.1 (cli)", "Claude-User/1.0", "claude-desktop/1.4", "python-httpx/0.27")


@dataclass(frozen=True)
class Shape:
    """A statement with blanks, how often it is asked, and what it reads."""

    weight: int
    sql: str
    reads: tuple[str, ...]
    tool: str = "query"


_TRIPS = ("reporting.v_trips", "tracksolid.trips", "tracksolid.trips.distance_km")
_DRIVERS = ("tracksolid.drivers", "tracksolid.drivers.name")
_PHONES = (*_DRIVERS, "tracksolid.drivers.phone")
_POSITIONS = (
    "tracksolid.positions",
    "tracksolid.positions.plate",
    "tracksolid.positions.speed",
    "tracksolid.positions.ts",
)
_FUEL = ("reporting.v_fuel", "tracksolid.fuel_events", "tracksolid.fuel_events.litres")

SHAPES = (
    Shape(
        30,
        "SELECT cost_centre, sum(distance_km) AS km\nFROM reporting.v_trips\n"
        "WHERE started_at >= now() - interval '{n} days'\nGROUP BY 1 ORDER BY km DESC LIMIT 10",
        _TRIPS,
    ),
    Shape(
        20,
        "SELECT plate, count(*) FROM tracksolid.positions WHERE speed > {n}"
        " AND ts >= '{day}' GROUP BY plate",
        _POSITIONS,
    ),
    Shape(
        12,
        "SELECT v.plate, d.name FROM tracksolid.vehicles v JOIN tracksolid.drivers d"
        " ON d.id = v.driver_id WHERE v.city = '{city}' AND v.id < {n}",
        ("tracksolid.vehicles", "tracksolid.vehicles.plate", *_DRIVERS),
    ),
    Shape(
        8,
        "SELECT city, avg(litres) FROM reporting.v_fuel WHERE litres > {n}"
        " AND city IN ('{city}', 'Lamu') GROUP BY city",
        _FUEL,
    ),
    Shape(
        6,
        "WITH idle AS (SELECT plate, sum(idle_minutes) AS m FROM reporting.v_idling"
        " WHERE day = '{day}' GROUP BY plate) SELECT * FROM idle WHERE m > {n}",
        ("reporting.v_idling", "tracksolid.stops", "tracksolid.stops.minutes"),
    ),
    Shape(
        3,
        "SELECT * FROM tracksolid.alarms WHERE raised_at::date = '{day}' -- {city}",
        ("tracksolid.alarms", "tracksolid.alarms.raised_at"),
    ),
    Shape(1, "SELECT name, phone FROM tracksolid.drivers WHERE id = {n}", _PHONES),
    Shape(8, "", (), "list_tables"),
    Shape(6, "", ("reporting.v_trips",), "describe_table"),
    Shape(3, "", ("tracksolid.vehicles",), "sample_table"),
    Shape(2, "", (), "list_schemas"),
    Shape(1, "SELECT plate FROM tracksolid.positions WHERE imei = '{n}'", (), "explain_query"),
)
OBJECTS = tuple(sorted({name for shape in SHAPES for name in shape.reads}))

# outcome, reason, SQLSTATE, and how many of a thousand calls end so.
_ENDS = (
    ("ok", "", "", 905),
    ("refused", "unknown_relation", "", 30),
    ("refused", "not_select", "", 12),
    ("refused", "queries_per_minute", "", 8),
    ("failed", "database_error", "42703", 30),
    ("timed_out", "timed_out", "57014", 10),
    ("cancelled", "cancelled", "57014", 5),
)
_OUTCOMES = [end[:3] for end in _ENDS]
_OUTCOME_WEIGHTS = [end[3] for end in _ENDS]


@dataclass(frozen=True)
class Call:
    """One invented call. ``who`` is the number of the person; times are in milliseconds."""

    who: int
    at: datetime
    shape: Shape
    sql: str
    arguments: str
    fingerprint: str
    client: str
    outcome: str
    reason: str
    sqlstate: str
    rows: int | None
    duration_ms: int
    waited_ms: int
    database_ms: int


def calls(rows: int, people: int, until: datetime) -> Iterator[Call]:
    """Return that many calls, oldest first; the busiest person asks far more than the last."""
    chance = Random(20_261_101)  # noqa: S311  # a trial, no secret
    weights = [1 / (number + 1) for number in range(people)]
    marks = [blake2b(shape.sql.encode(), digest_size=8).hexdigest() for shape in SHAPES]
    often = [shape.weight for shape in SHAPES]
    for at in _moments(rows, until):
        which = chance.choices(range(len(SHAPES)), often)[0]
        who = chance.choices(range(people), weights)[0]
        yield _call(chance, who, at, SHAPES[which], marks[which])


def _call(chance: Random, who: int, at: datetime, shape: Shape, mark: str) -> Call:
    sql = _filled(chance, at, shape.sql)
    outcome, reason, sqlstate = chance.choices(_OUTCOMES, _OUTCOME_WEIGHTS)[0]
    database = 30_000 if outcome == "timed_out" else int(chance.lognormvariate(4, 1.6))
    waited = int(chance.expovariate(0.2)) if outcome != "refused" else 0
    database = min(database, 30_000) if outcome != "refused" else 0
    return Call(
        who=who,
        at=at,
        shape=shape,
        sql=sql,
        arguments=json.dumps({"sql": sql} if sql else {"schema": "reporting"}),
        fingerprint=mark if sql else "",
        client=_CLIENTS[who % len(_CLIENTS)],
        outcome=outcome,
        reason=reason,
        sqlstate=sqlstate,
        rows=min(int(chance.lognormvariate(3, 2)), 10_000) if outcome == "ok" else None,
        duration_ms=waited + database + 3,
        waited_ms=waited,
        database_ms=database,
    )


def _filled(chance: Random, at: datetime, sql: str) -> str:
    if not sql:
        return ""
    number, city = chance.randrange(1, 100_000), chance.choice(_CITIES)
    return sql.replace("{n}", str(number)).replace("{city}", city).replace("{day}", f"{at:%F}")


def _moments(rows: int, until: datetime) -> Iterator[datetime]:
    """Return that many moments of the last days: by day, on weekdays, rarely at night."""
    start = until - timedelta(days=DAYS)
    hours = [start + timedelta(hours=number) for number in range(DAYS * 24)]
    busy = [_busy(hour) for hour in hours]
    total, done, due = sum(busy), 0, 0.0
    for hour, share in zip(hours, busy, strict=True):
        due += rows * share / total
        count = round(due) - done
        step = timedelta(hours=1) / max(count, 1)
        yield from (hour + step * number for number in range(count))
        done += count


def _busy(hour: datetime) -> float:
    if hour.weekday() >= 5:
        return 0.3
    return 6.0 if 6 <= hour.hour < 16 else 0.4
