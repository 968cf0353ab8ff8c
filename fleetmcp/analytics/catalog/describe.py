"""One relation, as an analyst needs to know it before writing SQL about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.catalog.columns import columns_of
from fleetmcp.analytics.catalog.extensions import Timescale, timescale
from fleetmcp.analytics.catalog.keys import indexes_of, keys_of
from fleetmcp.analytics.catalog.names import require_name, unknown_table
from fleetmcp.analytics.catalog.shapes import Description, Table, present
from fleetmcp.analytics.catalog.tables import relations
from fleetmcp.analytics.catalog.times import TimeColumn, ends, partition_key, time_column
from fleetmcp.analytics.connection import Session, read_only
from fleetmcp.analytics.errors import QueryFailed
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket

EXTRA_MS = 300
DEFINITION_CHARACTERS = 4000

_DEFINITION = SQL("""
WITH aggregates AS ({aggregates})
SELECT coalesce((SELECT view_definition FROM aggregates WHERE oid = {oid}),
                pg_catalog.pg_get_viewdef({oid}::pg_catalog.oid, true))
""")

_BUSY = SQL("""
SELECT 1 FROM pg_catalog.pg_locks l
WHERE l.locktype = 'relation' AND l.relation = {oid} AND l.mode = 'AccessExclusiveLock'
  AND l.database = (SELECT oid FROM pg_catalog.pg_database
                    WHERE datname = pg_catalog.current_database())
""")
_LEFT_OUT = (
    "The table is being changed or refreshed just now, so its size, defaults, indexes, definition "
    "and freshness are left out."
)


@dataclass(frozen=True)
class _Relation:
    """The relation being described."""

    oid: int
    name: tuple[str, str]
    known: Table
    busy: bool
    scale: Timescale


def describe_table(schema: str, table: str, ticket: Ticket, limits: Limits) -> Description:
    """Return the relation with columns, keys, indexes, time dimension, definition and freshness.

    Raises QueryRefused, with the nearest names, when there is no readable one by that name.
    """
    require_name(schema, table)
    with read_only(ticket, limits, ()) as session:
        relation = _found(session, (schema, table))
        time = time_column(session, relation.oid, relation.scale)
        fields = _fields(session, relation)
    fields |= time.fields if time else {}
    if not relation.busy:
        fields |= _extras(relation, time, ticket, limits)
    return cast(Description, {**relation.known, **present(fields)})


def _found(session: Session, name: tuple[str, str]) -> _Relation:
    scale = timescale(session)
    found = relations(session, scale, *name)
    if not found:
        raise unknown_table(session, *name)
    oid, known = found[0]
    busy = bool(session.run(session.compose(_BUSY.format(oid=Literal(oid)))))
    return _Relation(oid, name, known, busy, scale)


def _fields(session: Session, relation: _Relation) -> dict[str, Any]:
    """Return what the catalog tells without a lock on the relation."""
    rows = relation.known.get("estimated_rows")
    columns, notes = columns_of(session, relation.oid, rows_there=rows, busy=relation.busy)
    return {
        "columns": columns,
        **keys_of(session, relation.oid),
        "partition_key": partition_key(session, relation.oid),
        "notes": [*notes, _LEFT_OUT] if relation.busy else notes,
    }


def _extras(
    relation: _Relation, time: TimeColumn | None, ticket: Ticket, limits: Limits
) -> dict[str, Any]:
    """Return what takes a lock on the relation or reads it."""
    oid, kind = relation.oid, relation.known["kind"]
    fields = {"indexes": _soon(ticket, limits, lambda session: indexes_of(session, oid))}
    if "view" in kind or kind == "continuous aggregate":
        fields["definition"] = _soon(ticket, limits, lambda session: _definition(session, relation))
    if time:
        told = _soon(ticket, limits, lambda session: ends(session, oid, relation.name, time))
        fields |= told or {}
    return fields


def _definition(session: Session, relation: _Relation) -> str | None:
    aggregates = relation.scale.aggregates
    sql = _DEFINITION.format(oid=Literal(relation.oid), aggregates=aggregates)
    text: str | None = session.run(session.compose(sql))[0][0]
    if text is None or len(text) <= DEFINITION_CHARACTERS:
        return text
    return text[:DEFINITION_CHARACTERS] + "…"


def _soon(ticket: Ticket, limits: Limits, ask: Callable[[Session], Any]) -> Any:
    """Return the answer, or None if it takes long (a lock, a long scan) or fails: it is an extra.

    A transaction of its own, because a failed statement ends the one that it runs in.
    """
    short = replace(limits, statement_ms=min(EXTRA_MS, limits.statement_ms))
    try:
        with read_only(ticket, short, ()) as session:
            return ask(session)
    except QueryFailed:
        if ticket.cancelled_by:
            raise
        return None
