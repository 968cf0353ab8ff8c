"""Writes an invented history the way a real one grows: opened, then what it read, then closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from accounts.models import Membership, Role, Team, User
from accounts.services import ensure_analyst, issue_token
from audit.models import CatalogObject, Event, EventKind, ObjectKind, QueryLog
from audit.trial_history import OBJECTS, Call, calls

BATCH = 5_000
_AT_ONCE = 500
_LIMITS = '{"policy": "default", "max_rows": 10000, "statement_timeout_s": 30}'
_OPENED = (
    "started_at user_id token_id username tool arguments sql fingerprint limits outcome reason"
    " sqlstate truncated client ip request_id rpc_id cancel_requested_by"
).split()
_CLOSED = "outcome reason sqlstate rows bytes truncated duration_ms waited_ms database_ms".split()
_NUMBERS = {"rows", "bytes", "duration_ms", "waited_ms", "database_ms"}


class HistoryPresent(Exception):
    """There are queries in the record already."""


@dataclass(frozen=True)
class Person:
    """Who asks, with what."""

    user_id: int
    username: str
    token_id: int


def fill(*, rows: int, people: int, until: datetime, tell: Callable[[int], None]) -> None:
    """Write that many rows; call ``tell`` with how many there are after each batch.

    Raises HistoryPresent if a query is in the record: invented rows never mix with real ones.
    """
    if QueryLog.objects.exists():
        raise HistoryPresent
    team = _people(people)
    objects = _objects()
    stream = calls(rows, people, until)
    done = 0
    while batch := list(islice(stream, BATCH)):
        with transaction.atomic():
            _write(batch, team, objects)
        done += len(batch)
        tell(done)


def _people(number: int) -> list[Person]:
    """Return analysts in teams of five, each with a token whose secret nobody keeps."""
    found = []
    for count in range(number):
        user = ensure_analyst(username=f"trial{count:03}")
        _in_team(user, f"Trial team {count // 5 + 1}", Role.MEMBER)
        token = issue_token(user=user, label="trial").token
        found.append(Person(user.pk, user.username, token.pk))
    return found


def _in_team(user: User, name: str, role: Role) -> None:
    team, _ = Team.objects.get_or_create(name=name)
    Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})


def _objects() -> dict[str, int]:
    """Return full name -> id of everything that the invented queries read."""
    found = {}
    for full in OBJECTS:
        schema, name, *column = full.split(".")
        kind = ObjectKind.COLUMN if column else ObjectKind.TABLE
        row, _ = CatalogObject.objects.get_or_create(
            schema=schema, name=name, column="".join(column), kind=kind
        )
        found[full] = row.pk
    return found


def _write(batch: Sequence[Call], people: Sequence[Person], objects: dict[str, int]) -> None:
    opened = [_opened(call, people[call.who]) for call in batch]
    ids = _insert("audit_querylog", _OPENED, opened, returning=True)
    _insert(
        "audit_touchedobject",
        ["query_id", "object_id", "direct"],
        [
            (query_id, objects[name], _is_direct(name, call.sql))
            for query_id, call in zip(ids, batch, strict=True)
            if call.outcome != "refused"
            for name in call.shape.reads
        ],
    )
    _close([(query_id, *_closed(call)) for query_id, call in zip(ids, batch, strict=True)])
    _sign_ins(batch, people)


def _is_direct(name: str, sql: str) -> bool:
    """What the SQL does not name, it read through a view."""
    table = ".".join(name.split(".")[:2])
    return not sql or table in sql


def _opened(call: Call, person: Person) -> tuple[Any, ...]:
    at = connection.ops.adapt_datetimefield_value(call.at)
    who = (person.user_id, person.token_id, person.username)
    asked = (call.shape.tool, call.arguments, call.sql, call.fingerprint, _LIMITS)
    came = (call.client, f"10.0.{call.who % 250}.7", "", "", "")
    return (at, *who, *asked, "running", "", "", False, *came)


def _closed(call: Call) -> tuple[Any, ...]:
    size = None if call.rows is None else 80 + 60 * call.rows
    times = (call.duration_ms, call.waited_ms, call.database_ms)
    cut = call.rows == 10_000
    return (call.outcome, call.reason, call.sqlstate, call.rows, size, cut, *times)


def _insert(
    table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, returning: bool = False
) -> list[int]:
    """Insert the rows with a few statements; return their ids in the same order if asked to.

    Not by the ORM: it would set the start of each call to now.
    """
    names = ", ".join(map(connection.ops.quote_name, columns))
    ids: list[int] = []
    for part in _parts(rows):
        sql = f"INSERT INTO {table} ({names}) VALUES {_marks(part)}"  # noqa: S608  # our own words
        with connection.cursor() as cursor:
            cursor.execute(sql + " RETURNING id" * returning, [v for row in part for v in row])
            ids += [row[0] for row in cursor.fetchall()] if returning else []
    return ids


def _close(rows: Sequence[tuple[Any, ...]]) -> None:
    """Close open rows, each as its tuple says: the id, then the closing columns."""
    changes = ", ".join(
        f"{connection.ops.quote_name(name)} = {_read(name, number + 2)}"
        for number, name in enumerate(_CLOSED)
    )
    for part in _parts(rows):
        sql = (
            f"UPDATE audit_querylog SET {changes} FROM (VALUES {_marks(part)}) AS v"  # noqa: S608  # our own words
            " WHERE audit_querylog.id = v.column1 AND audit_querylog.outcome = 'running'"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [value for row in part for value in row])


def _read(name: str, number: int) -> str:
    """PostgreSQL takes a column of nothing but NULLs for text."""
    return f"CAST(v.column{number} AS bigint)" if name in _NUMBERS else f"v.column{number}"


def _parts(rows: Sequence[tuple[Any, ...]]) -> Iterable[Sequence[tuple[Any, ...]]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))


def _marks(rows: Sequence[tuple[Any, ...]]) -> str:
    one = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
    return ", ".join([one] * len(rows))


def _sign_ins(batch: Sequence[Call], people: Sequence[Person]) -> None:
    """Each thousandth call has an event beside it."""
    Event.objects.bulk_create(
        Event(
            at=call.at,
            kind=EventKind.SIGNED_IN,
            actor_id=people[call.who].user_id,
            actor_name=people[call.who].username,
            summary=f"{people[call.who].username} signed in",
            ip=f"10.0.{call.who % 250}.7",
        )
        for call in batch[::1000]
    )
