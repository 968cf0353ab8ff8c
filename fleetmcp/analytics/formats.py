"""Other shapes of a result than rows as arrays: lists of objects, and Markdown."""

from __future__ import annotations

from enum import StrEnum

from fleetmcp.analytics.results import Result
from fleetmcp.analytics.values import Value


class Format(StrEnum):
    """The shapes that a result can have."""

    ROWS = "rows"
    RECORDS = "records"
    CSV = "csv"
    MARKDOWN = "markdown"


def records(result: Result) -> list[dict[str, Value]]:
    """Return one object a row; a name that comes again gets a number: ``id``, ``id_2``."""
    names: list[str] = []
    for column in result.columns:
        name, number = column.name, 1
        while name in names:
            number += 1
            name = f"{column.name}_{number}"
        names.append(name)
    return [dict(zip(names, row, strict=True)) for row in result.rows]


def markdown(result: Result) -> str:
    """Return a Markdown table; an empty cell is NULL."""
    head = [_cell(column.name) for column in result.columns]
    rows = [[_cell(value) for value in row] for row in result.rows]
    return "\n".join(_line(cells) for cells in (head, ["---"] * len(head), *rows))


def _line(cells: list[str]) -> str:
    return f"|{'|'.join(cells)}|"


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>")
