"""The statements that every call runs, written by hand: to have Django make one costs several
times what the database needs for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, islice
from typing import Any

from django.db import IntegrityError, connection

from audit.models import Outcome

_RUNNING = Outcome.RUNNING.value
_TOUCHES_AT_ONCE = 5_000


def insert_row(values: Mapping[str, Any]) -> int:
    """Write an open row with these columns, the others empty, and return its id.

    One person's rows take turns from drawing the id to the commit: PostgreSQL hands out ids before
    the commit, so a lower id could else show up after a higher one was counted. SQLite has one
    writer at a time anyway.
    """
    row = {**_EMPTY, **values}
    names = ", ".join(map(connection.ops.quote_name, row))
    places = ", ".join(["%s"] * len(row))
    ours = f"INSERT INTO audit_querylog ({names})"  # names of ours
    if not connection.features.has_select_for_update:
        return int(_run(f"{ours} VALUES ({places}) RETURNING id", [*row.values()])[0][0])
    turn = "WITH turn AS (SELECT id FROM accounts_user WHERE id = %s FOR NO KEY UPDATE)"
    statement = f"{turn} {ours} SELECT {places} FROM turn RETURNING id"  # noqa: S608  # the same
    written = _run(statement, [row["user_id"], *row.values()])
    if not written:
        raise IntegrityError("the row is of a person who is not there")
    return int(written[0][0])


_EMPTY: dict[str, Any] = {
    "outcome": _RUNNING,
    "reason": "",
    "sqlstate": "",
    "truncated": False,
    "fingerprint": "",
    "cancel_requested_by": "",
}


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
