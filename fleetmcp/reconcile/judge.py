"""Does a logged statement have its row? Strict: what can't be explained is reported.

A statement of ours begins with a frame that names the audit row in ``application_name``. It is
explained when that row exists, belongs to the same person, was open at that moment, and holds the
text that ran; for the tools that look into the catalog, when it reads nothing but the catalog and
the table that the row names. Reads of the catalog alone under the server's own name are explained.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fleetmcp.analytics.errors import QueryRefused
from fleetmcp.analytics.guard.parse import Statement, statements_of
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.reconcile.logfile import Logged

SLACK = timedelta(seconds=60)
DEPTH = 6_000
_OURS = re.compile(r"fleetmcp:(?P<who>.*):(?P<id>[^:]+)", re.DOTALL)
_CATALOGS = ("pg_catalog", "information_schema", "_timescaledb_catalog", "timescaledb_information")
_LOOK_UPS = frozenset(
    "pg_catalog.pg_size_bytes pg_catalog.current_setting pg_catalog.has_table_privilege "
    "pg_catalog.pg_get_viewdef".split()
)


@dataclass(frozen=True)
class Row:
    """What an audit row says of a call; ``until`` is when it was closed, or far in the future."""

    username: str
    sql: str
    arguments: str
    since: datetime
    until: datetime


Rows = Callable[[int], Row | None]


@dataclass(frozen=True)
class Finding:
    """A statement without a row: why, as the end of a sentence, and its text without its frame."""

    why: str
    text: str


def finding(logged: Logged, rows: Rows) -> Finding | None:
    """Return what is wrong with the statement, or None when it has its row."""
    # Limits for 1,600 columns are a sum as deep; what is around a question deepens it, too.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), DEPTH))
    try:
        return _found(logged, rows)
    except (QueryRefused, RecursionError):
        return Finding("can't be parsed", logged.sql)


def _found(logged: Logged, rows: Rows) -> Finding | None:
    parts = statements_of(logged.sql)
    application = _application(parts) or logged.application
    asked = [part for part in parts if not _is_frame(part)]
    why = _unexplained(logged, asked, application, rows) if asked else ""
    return Finding(why, "; ".join(part.text.strip() for part in asked)) if why else None


def _unexplained(logged: Logged, asked: list[Statement], application: str, rows: Rows) -> str:
    match = _OURS.fullmatch(application)
    if not match:
        return f"came from {application or 'a client without a name'}"
    if not match["id"].isdigit():
        return "" if _reads_only(asked, set()) else "is none of the server's own"
    row = rows(int(match["id"]))
    return _against(row, match["id"], logged, asked, application)


def _against(
    row: Row | None, number: str, logged: Logged, asked: list[Statement], application: str
) -> str:
    if row is None:
        return f"names query {number}, which is not on record"
    if Ticket(row.username, number).application_name != application:
        return f"names query {number}, which is somebody else's"
    if logged.at and not row.since - SLACK <= logged.at <= row.until + SLACK:
        return f"names query {number}, which ran at another time"
    if row.sql and row.sql.strip().removeprefix("\ufeff").rstrip("; \n\t") in logged.sql:
        return ""
    if _reads_only(asked, _named(row.arguments)):
        return ""
    return f"is not the text of query {number}"


def _is_frame(part: Statement) -> bool:
    """Say whether it opens, sets up, ends or scrubs a transaction, and reads nothing."""
    (kind, fields), *_ = part.tree.items()
    if kind == "TransactionStmt":
        return fields.get("kind") in ("TRANS_STMT_BEGIN", "TRANS_STMT_ROLLBACK")
    if kind == "VariableSetStmt":
        return bool(fields.get("is_local")) or fields.get("name", "").lower() == "timezone"
    return kind == "DiscardStmt"


def _application(parts: list[Statement]) -> str:
    """Return the name that the statement gives itself, which the log shows only afterwards."""
    for part in reversed(parts):
        fields: dict[str, Any] = part.tree.get("VariableSetStmt", {})
        if fields.get("name") == "application_name" and fields.get("args"):
            return str(fields["args"][0]["A_Const"]["sval"]["sval"])
    return ""


def _reads_only(asked: list[Statement], tables: set[tuple[str, str]]) -> bool:
    """Say whether each is a SELECT that reads something, and that only catalogs or these tables."""
    for part in asked:
        read = [name for name in part.relations() if name[0] or name[1] not in _steps(part)]
        if not ({"SelectStmt", "ExplainStmt"} & part.tree.keys() and (read or _looks_up(part))):
            return False
        if not all(schema in _CATALOGS or (schema, name) in tables for schema, name in read):
            return False
    return True


def _looks_up(part: Statement) -> bool:
    """Say whether it only calls what our tools call without a FROM."""
    called = re.findall(r"'funcname': \[(.*?)\]", str(part.tree))
    names = [".".join(re.findall(r"'sval': '([^']*)'", name)) for name in called]
    return bool(names) and set(names) <= _LOOK_UPS


def _steps(part: Statement) -> set[str]:
    """Return the names of WITH anywhere in it."""
    return set(re.findall(r"'ctename': '([^']*)'", str(part.tree)))


def _named(arguments: str) -> set[tuple[str, str]]:
    try:
        said = json.loads(arguments)
    except ValueError:
        return set()
    if not isinstance(said, dict):
        return set()
    return {(str(said.get("schema", "")), str(said.get("table", "")))}
