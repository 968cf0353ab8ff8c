"""From PostgreSQL's text to values.

Values stay PostgreSQL's own text, except that booleans, integers a double can hold, and finite
floats become JSON's. So bigint beyond 2^53, numeric, infinity, 24:00 and BC dates stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.typenames import TypeInfo
from fleetmcp.analytics.wrapper import CUT_MARK, FIXED_SIZE

Value = bool | int | float | str | None

_EXACT_INTEGER = 2**53


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
    result = Result(columns)
    converters = [_converter(info, limits.cell) for info in types]
    total = 0
    for row in raw:
        total += sum(map(_size, row, types))
        result.truncated_by = _full(len(result.rows), total, limits)
        if result.truncated_by:
            break
        result.rows.append([convert(cell) for convert, cell in zip(converters, row, strict=True)])
    result.row_count = len(result.rows)
    cuts = _cuts(result, raw, types, limits)
    result.notes = [*displayed(columns, types), *cuts, *_left_out(result, limits)]
    result.truncated_by = result.truncated_by or ("cell" if cuts else "")
    return result


class Enough(Exception):
    """The result is full: nothing of what still comes is wanted."""


class CsvLines:
    """Takes the CSV lines of a COPY as they come, one call a row, and keeps those within limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines: list[str] = []
        self._total = 0
        self._truncated_by = ""

    def write(self, line: bytes) -> int:
        """Keep the line of the next row. Raises Enough when the result is full."""
        self._total += len(line)
        self._truncated_by = _full(len(self._lines), self._total, self._limits)
        if self._truncated_by:
            raise Enough
        self._lines.append(line.decode("utf-8"))
        return len(line)

    def result(self, columns: list[Column]) -> Result:
        """Return what was kept, below a line with the columns' names."""
        head = ",".join('"' + column.name.replace('"', '""') + '"' for column in columns)
        lines = [f"{head}\n", *self._lines]
        result = Result(columns, csv="".join(lines), row_count=len(self._lines))
        result.truncated_by = self._truncated_by
        result.notes = _left_out(result, self._limits)
        if any(CUT_MARK in line for line in self._lines):
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


def _size(cell: str | None, info: TypeInfo) -> int:
    return FIXED_SIZE if info.fixed else _length(cell)


def _length(cell: str | None) -> int:
    return len(cell) if cell is not None else 0


def _cuts(
    result: Result, raw: list[tuple[Any, ...]], types: Sequence[TypeInfo], limits: Limits
) -> list[str]:
    return [
        _cut_told(column.name, limits)
        for index, (column, info) in enumerate(zip(result.columns, types, strict=True))
        if not info.fixed
        and any(_length(row[index]) > limits.cell for row in raw[: result.row_count])
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


def _converter(info: TypeInfo, cell: int) -> Callable[[str | None], Value]:
    """Return what turns PostgreSQL's text of this type into a value."""
    convert = _CONVERTERS.get(info.name)
    if convert:
        return lambda text: None if text is None else convert(text)
    if info.fixed:
        return lambda text: text
    return lambda text: text if text is None or len(text) <= cell else text[:cell] + "…"


def _integer(text: str) -> Value:
    value = int(text)
    return value if -_EXACT_INTEGER <= value <= _EXACT_INTEGER else text


def _float(text: str) -> Value:
    return text if text[-1:] in ("y", "N") else float(text)


def _boolean(text: str) -> Value:
    return text == "t"


_CONVERTERS: dict[str, Callable[[str], Value]] = {
    "boolean": _boolean,
    "smallint": int,
    "integer": int,
    "oid": int,
    "bigint": _integer,
    "real": _float,
    "double precision": _float,
}
