"""From text to PostgreSQL's own parse tree: the only module that imports the parser.

libpg_query is PostgreSQL's grammar as a library. It is recursive, so it runs on one thread with a
large stack; what is hostile by its mere shape is refused before it gets there.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pgparse

from fleetmcp.analytics.errors import Code, QueryRefused, place_at

MAX_SQL_BYTES = 65_536
_STACK_BYTES = 64 * 1024 * 1024
# More parts than the walk would take: refused by a glance, because parsing them takes long.
_MAX_PARTS = 15_000
_LITERAL = re.compile(r"'[^']*'")
_PART = re.compile(r"[,.\[]")
# PostgreSQL's lexer is quadratic in a run of operator characters, on our side and on the server's.
_OPERATOR_RUN = re.compile(r"[~!@#^&|`?+\-*/%<>=]{1001}")


@dataclass(frozen=True)
class Statement:
    """One statement: the analyst's own characters, where they start, and their parse tree."""

    source: str
    text: str
    offset: int
    tree: dict[str, Any]

    def relations(self) -> Iterator[tuple[str, str]]:
        """Yield (schema or "", name) of each relation that the statement names, CTEs included."""
        waiting: list[Any] = [self.tree]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                ranged = item.get("RangeVar")
                if isinstance(ranged, dict):
                    yield ranged.get("schemaname", ""), ranged["relname"]
                waiting.extend(reversed(list(item.values())))
            elif isinstance(item, list):
                waiting.extend(reversed(item))


def guard_executor() -> ThreadPoolExecutor:
    """Return the one thread, with a stack of 64 MB, on which all parsing happens."""
    global _executor
    with _lock:
        if _executor is None:
            previous = threading.stack_size(_STACK_BYTES)
            try:
                _executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="guard")
                _executor.submit(int).result()
            finally:
                threading.stack_size(previous)
    return _executor


_lock = threading.Lock()
_executor: ThreadPoolExecutor | None = None


def parse(sql: object) -> Statement:
    """Return the one statement that the text holds, on the guard's thread.

    Raises QueryRefused for anything that is not text of exactly one statement in PostgreSQL's
    grammar, or that is too large or too deep to be judged.
    """
    source = _readable_text(sql)
    statements = _parse(source)
    if not statements:
        raise QueryRefused(
            "There is no statement here.", code=Code.EMPTY, hint="Write one SELECT statement."
        )
    if len(statements) > 1:
        second = _slice(source, statements[1])[1]
        raise QueryRefused(
            f"There are {len(statements)} statements here; exactly one runs at a time.",
            code=Code.SEVERAL_STATEMENTS,
            place=place_at(source, second),
            hint="Send each SELECT as a call of its own.",
        )
    text, offset = _slice(source, statements[0])
    return Statement(source, text, offset, statements[0]["stmt"])


def statements_of(text: str) -> list[Statement]:
    """Return every statement of a text, judged by nobody: for looking at logs.

    Raises QueryRefused for what can't be parsed.
    """
    parsed = guard_executor().submit(_parse, text).result()
    return [Statement(text, *_slice(text, found), found["stmt"]) for found in parsed]


def _readable_text(sql: object) -> str:
    """Return the text without a leading BOM; refuse what no database could take as it stands."""
    if not isinstance(sql, str):
        raise QueryRefused("The SQL must be a string.", code=Code.NOT_TEXT)
    try:
        size = len(sql.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise QueryRefused(
            f"Character {error.start + 1} is half of a surrogate pair, which is not text.",
            code=Code.NOT_TEXT,
            hint="Send the SQL as valid Unicode.",
        ) from None
    if "\x00" in sql:
        raise QueryRefused(
            "The text holds a NUL character.", code=Code.NOT_TEXT, hint="Remove the character \\0."
        )
    if size > MAX_SQL_BYTES:
        raise QueryRefused(
            f"The text has {size:,} bytes; the limit is {MAX_SQL_BYTES:,}.",
            code=Code.TOO_LONG,
            hint="Shorten it: join against a table or use a range instead of a long IN list.",
        )
    if run := _OPERATOR_RUN.search(sql):
        raise QueryRefused(
            "There are more than 1,000 operator characters in a row.",
            code=Code.TOO_COMPLEX,
            place=place_at(sql, run.start()),
            hint="Remove the row of operator characters.",
        )
    if sum(1 for _ in _PART.finditer(_LITERAL.sub("", sql))) > _MAX_PARTS:
        raise too_deep()
    return sql.removeprefix("\ufeff")


def _parse(source: str) -> list[dict[str, Any]]:
    try:
        return list(pgparse.parse(source))
    except pgparse.PGQueryError as error:
        if "memory exhausted" in error.message:  # how the grammar says that its stack is full
            raise too_deep() from None
        raise QueryRefused(
            f"PostgreSQL can't parse this: {error.message}.",
            code=Code.SYNTAX,
            place=place_at(source, _character(source, error.position)),
            hint="Write one SELECT statement in PostgreSQL's dialect.",
        ) from None
    except (RecursionError, MemoryError):
        raise too_deep() from None


def too_deep() -> QueryRefused:
    """Return the refusal of an expression that is nested too deeply to be judged."""
    return QueryRefused(
        "The statement is too large or nested too deeply to be judged.",
        code=Code.TOO_COMPLEX,
        hint="Split the expression: use a few WITH steps, a range instead of a long list, or = ANY "
        "('{…}'::text[]) instead of many ORs.",
    )


def _character(source: str, position: object) -> int:
    """Return the parser's error position (1-based characters, or 0) as a 0-based index."""
    return max(int(position) - 1, 0) if isinstance(position, int) else 0


def _slice(source: str, statement: dict[str, Any]) -> tuple[str, int]:
    """Return the statement's own characters and where they start; the parser counts bytes."""
    raw = source.encode("utf-8")
    start = int(statement.get("stmt_location", 0))
    length = int(statement.get("stmt_len", 0)) or len(raw) - start
    return raw[start : start + length].decode("utf-8"), len(raw[:start].decode("utf-8"))


def fingerprint(source: str) -> str:
    """Return 16 hex digits, the same for texts that differ in constants and layout; "" if none.

    Only for a text that ``parse`` took or refused for holding several statements.
    """
    try:
        return str(pgparse.fingerprint(source))
    except pgparse.PGQueryError:
        return ""


def parsed_texts(source: str) -> list[dict[str, Any]]:
    """Return the trees of all statements of the text, on the guard's thread; [] if it has none."""
    try:
        return [statement["stmt"] for statement in pgparse.parse(source)]
    except (pgparse.PGQueryError, RecursionError, MemoryError):
        return []


def parsed_procedure(source: str) -> list[dict[str, Any]]:
    """Return the trees of a CREATE FUNCTION in PL/pgSQL, as ``parsed_texts`` does."""
    try:
        return list(pgparse.parse_pgsql(source))
    except (pgparse.PGQueryError, RecursionError, MemoryError):
        return []
