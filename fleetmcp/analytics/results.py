"""A result within its limits: rows, or the lines of a CSV, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.typenames import TypeInfo
from fleetmcp.analytics.values import Value, converted, longest
from fleetmcp.analytics.wrapper import CUT_MARK, FIXED_SIZE


@dataclass(frozen=True)
class Column:
    """A column of a result: its name as the query gave it, and PostgreSQL's name of its type."""

    name: str
    type: str


@dataclass
class Result:
    """Rows in the order of ``columns``, or their CSV lines; ``notes`` say what was changed.

    ``truncated_by`` is "rows" or "characters" when there are more rows than are here, "cell" when
    only values were cut, else "".
    """

    columns: list[Column]
    rows: list[list[Value]] = field(default_factory=list)
    csv: str = ""
    row_count: int = 0
    truncated_by: str = ""
    notes: list[str] = field(default_factory=list)


def built(
    columns: list[Column], types: Sequence[TypeInfo], raw: list[tuple[Any, ...]], limits: Limits
) -> Result:
    """Return the result within the limits from what PostgreSQL sent, values converted."""
    kept, truncated_by = _fitting(raw, types, limits)
    by_column = [
        converted(column, info, limits.cell)
        for column, info in zip(zip(*kept, strict=True), types, strict=False)
    ]
    rows = list(map(list, zip(*by_column, strict=True))) if by_column else [[] for _ in kept]
    result = Result(columns, rows, row_count=len(rows), truncated_by=truncated_by)
    cuts = _cuts(columns, kept, types, limits)
    result.notes = [*displayed(columns, types), *cuts, *_left_out(result, limits)]
    result.truncated_by = result.truncated_by or ("cell" if cuts else "")
    return result


def _fitting(
    raw: list[tuple[Any, ...]], types: Sequence[TypeInfo], limits: Limits
) -> tuple[list[tuple[Any, ...]], str]:
    """Return the rows that fit, and what kept others out: "rows", "characters" or ""."""
    long = [index for index, info in enumerate(types) if not info.fixed]
    short = FIXED_SIZE * (len(types) - len(long))
    in_all = short * len(raw) + sum(_sum(_column(raw, index)) for index in long)
    if len(raw) <= limits.rows and in_all <= limits.characters:
        return raw, ""
    total = 0
    for number, row in enumerate(raw):
        total += short + sum(_length(row[index]) for index in long)
        full = _full(number, total, limits)
        if full:
            return raw[:number], full
    return raw, ""


def _column(rows: list[tuple[Any, ...]], index: int) -> list[Any]:
    return [row[index] for row in rows]


class Enough(Exception):
    """The result is full: nothing of what still comes is wanted."""


class CsvLines:
    """Takes the CSV lines of a COPY as they come, one call a row, and keeps those within limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines: list[bytes] = []
        self._left = limits.characters
        self._truncated_by = ""

    def write(self, line: bytes) -> int:
        """Keep the line of the next row. Raises Enough when the result is full."""
        size = len(line)
        self._left -= size
        count = len(self._lines)
        if count >= self._limits.rows or (self._left < 0 and count):
            self._truncated_by = _full(count, self._limits.characters - self._left, self._limits)
            raise Enough
        self._lines.append(line)
        return size

    def result(self, columns: list[Column]) -> Result:
        """Return what was kept, below a line with the columns' names."""
        head = ",".join('"' + column.name.replace('"', '""') + '"' for column in columns)
        text = b"".join(self._lines).decode("utf-8")
        result = Result(columns, csv=f"{head}\n{text}", row_count=len(self._lines))
        result.truncated_by = self._truncated_by
        result.notes = _left_out(result, self._limits)
        if CUT_MARK in text:
            result.truncated_by = result.truncated_by or "cell"
            result.notes.append(_cut_told("some columns", self._limits))
        return result


def displayed(columns: Sequence[Column], types: Sequence[TypeInfo]) -> list[str]:
    """Return what is said of columns whose values are shown otherwise than they are stored."""
    return [
        f"{column.name} {info.note}."
        for column, info in zip(columns, types, strict=True)
        if info.note
    ]


def _full(rows: int, characters: int, limits: Limits) -> str:
    """Return what keeps one more row out: "rows", "characters", or "" when it may come in."""
    if rows == limits.rows:
        return "rows"
    return "characters" if rows and characters > limits.characters else ""


def _sum(column: list[str | None]) -> int:
    return sum(map(len, filter(None, column)))


def _length(cell: str | None) -> int:
    return len(cell or "")


def _cuts(
    columns: list[Column], kept: list[tuple[Any, ...]], types: Sequence[TypeInfo], limits: Limits
) -> list[str]:
    return [
        _cut_told(column.name, limits)
        for index, (column, info) in enumerate(zip(columns, types, strict=True))
        if not info.fixed and longest(_column(kept, index)) > limits.cell
    ]


def _cut_told(which: str, limits: Limits) -> str:
    return (
        f"Values of {which} were cut to {limits.cell} characters: select a part with substring()."
    )


def _left_out(result: Result, limits: Limits) -> list[str]:
    if not result.truncated_by:
        return []
    only = f"Only the first {result.row_count} rows are here: "
    if result.truncated_by == "rows":
        return [f"{only}aggregate, filter or raise max_rows."]
    return [
        f"{only}a result may have {limits.characters} characters. Select fewer or shorter "
        "columns, or aggregate."
    ]
