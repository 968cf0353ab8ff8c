"""From PostgreSQL's text to a result: the wrapper that caps rows and cells, and the values.

Values stay PostgreSQL's own text, except that booleans, integers a double can hold, and finite
floats become JSON's. So bigint beyond 2^53, numeric, infinity, 24:00 and BC dates stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetmcp.analytics.limits import Limits
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
    """Rows in the order of ``columns``; ``notes`` say what was left out or cut.

    ``truncated_by`` is "rows" or "characters" when there are more rows than are here, else "".
    """

    columns: list[Column]
    rows: list[list[Value]]
    truncated_by: str = ""
    notes: list[str] = field(default_factory=list)


def capped(text: str, types: Sequence[TypeInfo], limits: Limits) -> tuple[str, int]:
    """Return the SQL that runs the statement within the limits, and its prefix length.

    Rows, cells and the sum of all characters are capped by PostgreSQL. The statement's own text
    stands between line ends, so that a comment at its end stays harmless.
    """
    names = [f"c{i}" for i in range(len(types))]
    cells = ", ".join(_cell(*pair, limits.cell) for pair in zip(names, types, strict=True))
    alias = f"q({', '.join(names)})" if names else "q"
    head = f"SELECT {cells} FROM (\n"  # noqa: S608  # the guard judged the text
    tail = f"\n) AS {alias} LIMIT {limits.rows + 1}"
    wide = [name for name, info in zip(names, types, strict=True) if not info.fixed]
    if len(wide) * limits.cell * limits.rows <= limits.characters:
        return f"{head}{text}{tail}", len(head)
    begin, end = _running_total(names, wide, limits)
    return f"{begin}{head}{text}{tail}{end}", len(begin) + len(head)


def _running_total(names: list[str], wide: list[str], limits: Limits) -> tuple[str, str]:
    """Return what to put around the capped SELECT so that no row far beyond the budget is sent.

    A row is sent while those up to the last but one before it fit: so one more row than we keep
    arrives, which tells us that there was more, also after a first row that is too large itself.
    """
    size = " + ".join(f"coalesce(pg_catalog.length({name}), 0)" for name in wide)
    frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING"
    before = f"coalesce(pg_catalog.sum({size}) OVER ({frame}), 0)"
    columns = ", ".join(names)
    begin = f"SELECT {columns} FROM (SELECT {columns}, {before} AS before FROM (\n"  # noqa: S608
    return begin, f"\n) AS v({columns})) AS w WHERE before <= {limits.characters}"


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
    columns: list[Column], types: Sequence[TypeInfo], raw: list[tuple[Any, ...]], limits: Limits
) -> Result:
    """Return the result within the limits from what PostgreSQL sent, values converted."""
    result = Result(columns, [])
    converters = [_converter(info, limits.cell) for info in types]
    total = 0
    for row in raw:
        total += sum(map(_length, row))
        if len(result.rows) == limits.rows or (result.rows and total > limits.characters):
            full = len(result.rows) == limits.rows
            result.truncated_by = "rows" if full else "characters"
            break
        result.rows.append([convert(cell) for convert, cell in zip(converters, row, strict=True)])
    result.notes = _notes(result, raw, types, limits)
    return result


def _length(cell: str | None) -> int:
    return len(cell) if cell is not None else 0


def _notes(
    result: Result, raw: list[tuple[Any, ...]], types: Sequence[TypeInfo], limits: Limits
) -> list[str]:
    notes = [
        f"Values of {column.name} were cut to {limits.cell} characters."
        for index, (column, info) in enumerate(zip(result.columns, types, strict=True))
        if not info.fixed
        and any(_length(row[index]) > limits.cell for row in raw[: len(result.rows)])
    ]
    if result.truncated_by == "rows":
        notes.append(
            f"Only the first {limits.rows} rows are here: aggregate, filter or raise max_rows."
        )
    elif result.truncated_by:
        notes.append(
            f"Only the first {len(result.rows)} rows are here: a result may have "
            f"{limits.characters} characters. Select fewer or shorter columns, or aggregate."
        )
    return notes


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
