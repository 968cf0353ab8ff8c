"""Everything that the engine may answer instead of data.

::

    AnalyticsError
    ├── QueryRefused         we will not run it: the guard, a limit, an unknown object
    ├── QueryFailed          PostgreSQL said no; carries its SQLSTATE
    │   └── QueryTimedOut    the statement timeout, or our own clock
    ├── QueryCancelled       the analyst, the client or an operator stopped it
    ├── ServerBusy           no connection became free in time
    ├── DatabaseUnavailable  PostgreSQL can't be reached
    └── UnsafeRole           the credential could write; nothing runs with it

``str(error)`` is written for the agent that asked: what, where, why, and what to write instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Stable names of the reasons, as they stand in the audit and in the replies."""

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    TOO_COMPLEX = "too_complex"
    SYNTAX = "syntax_error"
    SEVERAL_STATEMENTS = "several_statements"
    NOT_SELECT = "not_select"
    SELECT_INTO = "select_into"
    ROW_LOCK = "row_lock"
    UNSUPPORTED = "unsupported_syntax"
    PARAMETER = "parameter"
    SCHEMA = "schema_not_readable"
    CATALOG = "catalog_not_readable"
    UNKNOWN_RELATION = "unknown_relation"
    FUNCTION = "function_not_allowed"
    UNKNOWN_FUNCTION = "unknown_function"
    TYPE = "type_not_allowed"
    OPERATOR = "operator_not_allowed"
    SAMPLING = "sampling_not_allowed"
    DATABASE_ERROR = "database_error"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    BUSY = "server_busy"
    UNAVAILABLE = "database_unavailable"
    UNSAFE_ROLE = "unsafe_role"
    CONCURRENT_QUERIES = "concurrent_queries"
    QUERIES_PER_MINUTE = "queries_per_minute"
    ROWS_PER_DAY = "rows_per_day"
    NO_EXPORT = "no_export"
    PAUSED = "paused"
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True)
class Place:
    """A spot in the analyst's own text: line and column from 1, and the line with a caret."""

    line: int
    column: int
    excerpt: str
    index: int = 0

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}:\n{self.excerpt}"


_CONTEXT = 60


def place_at(text: str, index: int) -> Place:
    """Return the place of the character with this index (clamped to the text)."""
    index = max(0, min(index, len(text)))
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    line = text[start : end if end >= 0 else len(text)]
    offset = index - start
    left = max(0, offset - _CONTEXT)
    shown = line[left : offset + _CONTEXT].replace("\t", " ").replace("\r", " ")
    excerpt = f"  {shown}\n  {' ' * (offset - left)}^"
    return Place(text.count("\n", 0, index) + 1, offset + 1, excerpt, index)


class AnalyticsError(Exception):
    """Base of the tree. ``what`` is a full sentence; ``hint`` says what to write or do instead."""

    code: Code = Code.DATABASE_ERROR

    def __init__(
        self,
        what: str,
        *,
        code: Code | None = None,
        hint: str = "",
        place: Place | None = None,
        sqlstate: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.code = code or self.code
        self.hint = hint
        self.place = place
        self.sqlstate = sqlstate

    def __str__(self) -> str:
        name = f"{self.code} {self.sqlstate}".strip()
        where = f" At {self.place}" if self.place else ""
        hint = f"{chr(10) if where else ' '}{self.hint}" if self.hint else ""
        return f"[{name}] {self.what}{where}{hint}"


class QueryRefused(AnalyticsError):
    """We will not run it."""

    code = Code.UNSUPPORTED


class QueryFailed(AnalyticsError):
    """PostgreSQL failed the statement; ``position`` counts characters from 1, or is 0."""

    code = Code.DATABASE_ERROR
    position: int = 0


class QueryTimedOut(QueryFailed):
    """The statement ran longer than it may."""

    code = Code.TIMED_OUT


class QueryCancelled(AnalyticsError):
    """Somebody stopped the statement."""

    code = Code.CANCELLED


class ServerBusy(AnalyticsError):
    """No connection became free within the time that a question may wait."""

    code = Code.BUSY


class DatabaseUnavailable(AnalyticsError):
    """The analytics database can't be reached; the server recovers by itself when it is back."""

    code = Code.UNAVAILABLE


class UnsafeRole(AnalyticsError):
    """The database role may do more than read, so nothing runs with it."""

    code = Code.UNSAFE_ROLE
