"""Where a call's time went, as a bar of three parts."""

from __future__ import annotations

from dataclasses import dataclass

from audit.admin.showing import duration

WIDTH = 600


@dataclass(frozen=True)
class Part:
    """One part of the bar, in the units of its drawing."""

    name: str
    css: str
    took: str
    x: float
    width: float


def timing(waited: int | None, database: int | None, whole: int | None) -> list[Part]:
    """Return the parts of the bar; none where the whole is not known.

    What is neither waiting nor the database is the server's own work. Parts that come to more than
    the whole, by rounding, make the bar's end.
    """
    if whole is None:
        return []
    known = (waited or 0) + (database or 0)
    total = max(whole, known, 1)
    rest = ("Server", "rest", total - known) if waited is not None else ("Call", "rest", whole)
    parts = [("Waited", "waited", waited), ("Database", "database", database), rest]
    return _placed([(n, css, ms) for n, css, ms in parts if ms is not None], total)


def _placed(parts: list[tuple[str, str, int]], total: int) -> list[Part]:
    found, x = [], 0.0
    for name, css, took in parts:
        width = round(WIDTH * took / total, 1)
        found.append(Part(name, css, duration(took), round(x, 1), width))
        x += width
    return found
