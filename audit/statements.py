"""The statements that every call runs, written by hand: to have Django make one costs several
times what the database needs for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, islice
from typing import Any

from django.db import connection

from audit.models import Outcome

_RUNNING = Outcome.RUNNING.value
_TOUCHES_AT_ONCE = 5_000


def insert_row(values: Mapping[str, Any]) -> int:
    """Write an open row with these columns, the others empty, and return its id."""
    row = {**_EMPTY, **values}
    names = ", ".join(map(connection.ops.quote_name, row))
    places = ", ".join(["%s"] * len(row))
    return int(
        _run(
            f"INSERT INTO audit_querylog ({names}) VALUES ({places}) RETURNING id",  # noqa: S608  # names of ours
            list(row.values()),
        )[0][0]
    )


_EMPTY: dict[str, Any] = {
    "outcome": _RUNNING,
    "reason": "",
    "sqlstate": "",
    "truncated": False,
    "fingerprint": "",
    "cancel_requested_by": "",
}


def take_turn(user_id: int) -> None:
    """Wait until no other transaction writes a row of that person (PostgreSQL)."""
    _run("SELECT id FROM accounts_user WHERE id = %s FOR NO KEY UPDATE", [user_id])


def is_open(query_id: int) -> bool:
    """Say whether the row is there and open."""
    question = "SELECT id FROM audit_querylog WHERE id = %s AND outcome = %s"
    return bool(_run(question, [query_id, _RUNNING]))


def close_row(query_id: int, values: Mapping[str, Any]) -> bool:
    """Write these columns into the row if it is open, and say whether it was."""
    changes = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name in values)
    return bool(
        _run(
            f"UPDATE audit_querylog SET {changes} WHERE id = %s AND outcome = %s RETURNING id",  # noqa: S608  # names of ours
            [*values.values(), query_id, _RUNNING],
        )
    )


def insert_touched(query_id: int, touched: Iterable[tuple[int, bool]]) -> None:
    """Write which objects the query touched, and whether by their names."""
    rest = iter(touched)
    while rows := list(islice(rest, _TOUCHES_AT_ONCE)):
        places = ", ".join(["(%s, %s, %s)"] * len(rows))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO audit_touchedobject (query_id, object_id, direct) VALUES {places}",  # noqa: S608  # only places
                list(chain.from_iterable((query_id, *row) for row in rows)),
            )


def _run(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
