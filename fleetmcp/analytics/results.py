"""From PostgreSQL's text to a result: the wrapper that caps rows and cells, and the values.

Values stay PostgreSQL's own text, except that booleans, integers a double can hold, and finite
floats become JSON's. So bigint beyond 2^53, numeric, infinity, 24:00 and BC dates stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetmcp.analytics.typenames import TypeInfo

Value = bool | int | float | str | None

_EXACT_INTEGER = 2**53


@dataclass(frozen=True)
class Column:
    """A column of a result: its name as the query gave it, and PostgreSQL's name of its type."""

    name: str
    type: str


@dataclass
class Result:
    """Rows in the order of ``columns``; ``notes`` say what was changed for display."""

    columns: list[Column]
    rows: list[list[Value]]
    truncated: bool = False
    notes: list[str] = field(default_factory=list)


def capped(text: str, types: Sequence[TypeInfo], rows: int, cell: int) -> tuple[str, int]:
    """Return the SQL that runs the statement with rows and cells capped, and its prefix length.

    The statement's own text stands between line ends, so that a comment at its end stays harmless.
    """
    names = [f"c{i}" for i in range(len(types))]
    cells = ", ".join(_cell(name, info, cell) for name, info in zip(names, types, strict=True))
    alias = f"q({', '.join(names)})" if names else "q"
    head = f"SELECT {cells} FROM (\n"  # noqa: S608  # the guard judged the text
    return f"{head}{text}\n) AS {alias} LIMIT {rows + 1}", len(head)


def described(text: str) -> tuple[str, int]:
    """Return the SQL that yields the columns and no row, and its prefix length."""
    head = "SELECT * FROM (\n"
    return f"{head}{text}\n) AS q LIMIT 0", len(head)


def _cell(name: str, info: TypeInfo, limit: int) -> str:
    """Return the expression for one column; a value is cut by PostgreSQL, one character late."""
    if info.fixed:
        return name
    if info.casts_change:
        # num_nulls, not IS NULL: that is true for a row of NULLs too.
        shown = f"CASE num_nulls({name}) WHEN 0 THEN pg_catalog.format('%s', {name}) END"
        return f"pg_catalog.left({shown}, {limit + 1})"
    return f"pg_catalog.left({name}::pg_catalog.text, {limit + 1})"


def built(
    columns: list[Column],
    types: Sequence[TypeInfo],
    raw: list[tuple[Any, ...]],
    *,
    rows: int,
    cell: int,
) -> Result:
    """Return the result of at most ``rows`` rows from one row more, values converted."""
    converters = [_converter(info) for info in types]
    result = Result(columns, [], truncated=len(raw) > rows)
    shortened: set[int] = set()
    for row in raw[:rows]:
        values: list[Value] = []
        for index, (value, convert) in enumerate(zip(row, converters, strict=True)):
            if value is None:
                values.append(None)
            elif len(value) > cell and not types[index].fixed:
                shortened.add(index)
                values.append(value[:cell] + "…")
            else:
                values.append(convert(value))
        result.rows.append(values)
    result.notes = _notes(result, shortened, rows, cell)
    return result


def _notes(result: Result, shortened: set[int], rows: int, cell: int) -> list[str]:
    notes = [
        f"Values of {result.columns[index].name} were cut to {cell} characters."
        for index in sorted(shortened)
    ]
    if result.truncated:
        notes.append(f"Only the first {rows} rows are here: aggregate, filter or raise max_rows.")
    return notes


def _converter(info: TypeInfo) -> Callable[[str], Value]:
    return _CONVERTERS.get(info.name, str)


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
