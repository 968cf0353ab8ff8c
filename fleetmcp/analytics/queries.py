"""Run one judged statement: the analyst's own text, inside the wrapper that caps it."""

from __future__ import annotations

from fleetmcp.analytics.connection import Session, drop_connection, read_only
from fleetmcp.analytics.errors import QueryFailed
from fleetmcp.analytics.guard import Statement
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.hints import add_nearest_columns, locate
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.results import Column, CsvLines, Enough, Result, built, displayed
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.typenames import TypeInfo, types_of
from fleetmcp.analytics.wrapper import capped, copied, described


def run_select(
    statement: Statement, policy: Policy, ticket: Ticket, limits: Limits, *, as_csv: bool = False
) -> Result:
    """Return at most ``limits.rows`` rows of the statement, or their CSV as PostgreSQL writes it.

    Blocks; call it on one of the engine's threads. Raises AnalyticsError.
    """
    head = 0
    session: Session | None = None
    try:
        with read_only(ticket, limits, policy.search_path) as session:
            sql, head = described(statement.text)
            session.run(sql)
            columns, types = _columns(session)
            if as_csv:
                sql, head = copied(statement.text, types, limits)
                result = _csv(session, sql, columns, limits)
                result.notes = [*displayed(columns, types), *result.notes]
                return result
            sql, head = capped(statement.text, types, limits)
            return built(columns, types, session.run(sql), limits)
    except QueryFailed as failed:
        if session:
            locate(failed, statement, session.prefix + head)
            add_nearest_columns(failed, statement, ticket, limits, policy.search_path)
        raise


def _csv(session: Session, sql: str, columns: list[Column], limits: Limits) -> Result:
    lines = CsvLines(limits)
    try:
        session.copy(sql, lines)
    except Enough:
        # The rest of the COPY is still on its way: a rollback would wait for all of it.
        drop_connection()
    return lines.result(columns)


def _columns(session: Session) -> tuple[list[Column], list[TypeInfo]]:
    described_columns = session.description
    types = types_of((column.type_code for column in described_columns), session)
    columns = [
        Column(column.name, info.name)
        for column, info in zip(described_columns, types, strict=True)
    ]
    return columns, types
