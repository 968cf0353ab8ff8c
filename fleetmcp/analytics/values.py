"""From PostgreSQL's text to values, a whole column at a time.

Values stay PostgreSQL's own text, except that booleans, integers a double can hold, and finite
floats become JSON's. So bigint beyond 2^53, numeric, infinity, 24:00 and BC dates stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from fleetmcp.analytics.typenames import TypeInfo

Value = bool | int | float | str | None
Text = str | None

_EXACT_INTEGER = 2**53


def converted(column: Sequence[Text], info: TypeInfo, cell: int) -> Sequence[Value]:
    """Return the values of a column of this type; a text longer than ``cell`` is cut."""
    convert = _CONVERTERS.get(info.name)
    if convert is None:
        return column if info.fixed else _cut(column, cell)
    found = convert([text for text in column if text is not None])
    if len(found) == len(column):
        return found
    values = iter(found)
    return [None if text is None else next(values) for text in column]


def longest(column: Sequence[Text]) -> int:
    """Return the length of the longest text."""
    return max(map(len, filter(None, column)), default=0)


def _cut(column: Sequence[Text], cell: int) -> Sequence[Value]:
    if longest(column) <= cell:
        return column
    return [text if text is None or len(text) <= cell else text[:cell] + "…" for text in column]


def _booleans(column: list[str]) -> list[Value]:
    return [text == "t" for text in column]


def _integers(column: list[str]) -> list[Value]:
    return list(map(int, column))


def _large_integers(column: list[str]) -> list[Value]:
    values = list(map(int, column))
    pairs = zip(column, values, strict=True)
    return [value if abs(value) <= _EXACT_INTEGER else text for text, value in pairs]


def _floats(column: list[str]) -> list[Value]:
    values = list(map(float, column))
    if isfinite(sum(values)):
        return list(values)
    pairs = zip(column, values, strict=True)
    return [value if isfinite(value) else text for text, value in pairs]


_CONVERTERS: dict[str, Callable[[list[str]], list[Value]]] = {
    "boolean": _booleans,
    "smallint": _integers,
    "integer": _integers,
    "oid": _integers,
    "bigint": _large_integers,
    "real": _floats,
    "double precision": _floats,
}
