"""The SQL around the analyst's own text: PostgreSQL itself caps rows, cells and characters.

The text stands between line ends, so that a comment at its end stays harmless. Every function also
returns how many characters stand before the text, for the positions in PostgreSQL's errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.typenames import TypeInfo

# What a value of a type that is short by nature counts for in the sum of all characters.
FIXED_SIZE = 16
CUT_MARK = "…[cut]"
Cut = Callable[[str, int], str]


def _one_more(expression: str, limit: int) -> str:
    """Cut a value one character late, so that whoever reads it sees that it was cut."""
    return f"pg_catalog.left({expression}, {limit + 1})"


def _marked(expression: str, limit: int) -> str:
    """Cut a value and put a mark behind it, for lines that nobody takes apart again."""
    return (
        f"CASE WHEN pg_catalog.length({expression}) > {limit} THEN "
        f"pg_catalog.left({expression}, {limit}) || '{CUT_MARK}' ELSE {expression} END"
    )


def described(text: str) -> tuple[str, int]:
    """Return the SQL that yields the columns and no row."""
    head = "SELECT * FROM (\n"
    return f"{head}{text}\n) AS q LIMIT 0", len(head)


def capped(
    text: str, types: Sequence[TypeInfo], limits: Limits, cut: Cut = _one_more
) -> tuple[str, int]:
    """Return the SQL that runs the statement within the limits; ``cut`` shortens long values."""
    names = [f"c{i}" for i in range(len(types))]
    cells = ", ".join(
        name if info.fixed else cut(info.shown.format(name), limits.cell)
        for name, info in zip(names, types, strict=True)
    )
    alias = f"q({', '.join(names)})" if names else "q"
    head = f"SELECT {cells} FROM (\n"  # noqa: S608  # the guard judged the text
    tail = f"\n) AS {alias} LIMIT {limits.rows + 1}"
    if _most(types, limits) <= limits.characters:
        return f"{head}{text}{tail}", len(head)
    begin, end = _running_total(names, types, limits)
    return f"{begin}{head}{text}{tail}{end}", len(begin) + len(head)


def copied(text: str, types: Sequence[TypeInfo], limits: Limits) -> tuple[str, int]:
    """Return the COPY that sends the capped rows as CSV lines, without a header.

    Its lines are taken one by one, so whoever takes them watches over the sum of characters.
    """
    sql, before = capped(text, types, replace(limits, characters=_most(types, limits)), _marked)
    return f"COPY ({sql}) TO STDOUT WITH (FORMAT csv)", before + len("COPY (")


def _most(types: Sequence[TypeInfo], limits: Limits) -> int:
    """Return how many characters the result can have."""
    return sum(FIXED_SIZE if info.fixed else limits.cell for info in types) * limits.rows


def _running_total(names: list[str], types: Sequence[TypeInfo], limits: Limits) -> tuple[str, str]:
    """Return what to put around the capped SELECT so that no row far beyond the budget is sent.

    A row is sent while those up to the last but one before it fit: so one more row than we keep
    arrives, which tells us that there was more, also after a first row that is too large itself.
    """
    size = " + ".join(
        str(FIXED_SIZE) if info.fixed else f"coalesce(pg_catalog.length({name}), 0)"
        for name, info in zip(names, types, strict=True)
    )
    frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING"
    before = f"coalesce(pg_catalog.sum({size}) OVER ({frame}), 0)"
    columns = ", ".join(names)
    begin = f"SELECT {columns} FROM (SELECT {columns}, {before} AS before FROM (\n"  # noqa: S608
    return begin, f"\n) AS v({columns})) AS w WHERE before <= {limits.characters}"
