"""Statements in a PostgreSQL log: csvlog, jsonlog, or plain text with ``user=%u`` in its prefix."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice

PREFIX = "%m [%p] user=%u,db=%d,app=%a "

_START = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [A-Z]{3,5} ")
_ENTRY = re.compile(
    r"(?P<at>\S+ \S+) (?P<zone>[A-Z]+) \[\d+\] "
    r"user=(?P<user>.*?),db=.*?,app=(?P<app>.*?) [A-Z0-9]+:  (?P<text>.*)",
    re.DOTALL,
)
_STATEMENT = re.compile(
    r"(?:duration: [\d.]+ ms  )?(?:statement|execute [^:]*|parse [^:]*): (?P<sql>.*)", re.DOTALL
)
# Columns of csvlog: https://www.postgresql.org/docs/16/runtime-config-logging.html
_CSV_TIME, _CSV_USER, _CSV_MESSAGE, _CSV_APPLICATION = 0, 1, 13, 22


class UnreadableLog(Exception):
    """The file is no PostgreSQL log that can be read; the text says what to set."""

    def __init__(self) -> None:
        super().__init__(
            "This is no PostgreSQL log that can be read. Set log_statement = 'all' and "
            f"log_destination = 'csvlog' or 'jsonlog', or log_line_prefix = '{PREFIX}'."
        )


@dataclass(frozen=True)
class Logged:
    """One statement that PostgreSQL says it got; ``at`` is None when the time can't be read."""

    at: datetime | None
    user: str
    application: str
    sql: str


def statements(lines: Iterable[str]) -> Iterator[Logged]:
    """Yield the statements of all roles in the order of the log. Raises UnreadableLog."""
    csv.field_size_limit(sys.maxsize)
    rest = iter(lines)
    head = list(islice(rest, 1))
    first = head[0] if head else ""
    whole = chain(head, rest)
    if first.startswith("{"):
        return _json(whole)
    return _csv(whole) if len(next(csv.reader([first]), [])) > _CSV_APPLICATION else _plain(whole)


def _json(lines: Iterable[str]) -> Iterator[Logged]:
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            raise UnreadableLog from None
        yield from _logged(
            said.get("timestamp", ""),
            said.get("user", ""),
            said.get("application_name", ""),
            said.get("message", ""),
        )


def _csv(lines: Iterable[str]) -> Iterator[Logged]:
    for row in csv.reader(lines):
        if len(row) <= _CSV_APPLICATION:
            raise UnreadableLog
        yield from _logged(row[_CSV_TIME], row[_CSV_USER], row[_CSV_APPLICATION], row[_CSV_MESSAGE])


def _plain(lines: Iterable[str]) -> Iterator[Logged]:
    entry, found = "", False
    for line in chain(lines, [None]):
        if line is not None and not _START.match(line):
            # What continues an entry is indented with a tab, so nobody can forge a beginning.
            entry += line.removeprefix("\t")
            continue
        match = _ENTRY.match(entry)
        if match:
            found = True
            at = f"{match['at']} {match['zone']}"
            yield from _logged(at, match["user"], match["app"], match["text"].rstrip("\n"))
        entry = line or ""
    if not found:
        raise UnreadableLog


def _logged(at: str, user: str, application: str, message: str) -> Iterator[Logged]:
    if match := _STATEMENT.match(message):
        yield Logged(_moment(at), user, application, match["sql"])


def _moment(text: str) -> datetime | None:
    """Read a time in UTC; other zones are abbreviations that mean different things."""
    stamp, _, zone = text.rpartition(" ")
    if zone not in ("UTC", "GMT"):
        return None
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
