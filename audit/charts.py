"""Charts as SVG, drawn here: classes instead of styles, every text escaped, nothing to load.

Colours come from the stylesheet by class, so that the same drawing serves light, dark and paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 960, 220
_LEFT, _BOTTOM, _TOP = 56, 24, 10
_CELL_W, _CELL_H = 36, 22
_SHADES = 8
_MOST_LABELS = 12

Cells = Mapping[tuple[int, int], tuple[int, str]]
"""By (row, hour): how many there were, and where they are."""


@dataclass(frozen=True)
class Column:
    """One column of a chart: its parts from the ground up as (class, value), and where it leads."""

    label: str
    parts: Sequence[tuple[str, int]]
    link: str
    says: str

    @property
    def total(self) -> int:
        """The height of the whole column, in what it counts."""
        return sum(value for _, value in self.parts)


def stacked_columns(name: str, title: str, says: str, columns: Sequence[Column]) -> SafeString:
    """Return columns side by side, each a link. ``name`` makes the ids on the page unique."""
    top = nice_ceiling(max((column.total for column in columns), default=0))
    drawn = format_html_join("", "{}", ((_column(*c),) for c in _placed(columns, top)))
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="group" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}{}</svg>',
        *(WIDTH, HEIGHT, name, name, name, title, name, says, _scale(top), drawn),
    )


def heat_map(name: str, title: str, says: str, rows: Sequence[str], cells: Cells) -> SafeString:
    """Return a row for each label and 24 cells in it, the darker the more, each a link.

    The keyboard passes these links over: there are up to 168, and the table below has them too.
    """
    most = max((number for number, _ in cells.values()), default=0)
    body = format_html_join(
        "",
        '<text class="label" x="{}" y="{}" text-anchor="end">{}</text>{}',
        (
            (_LEFT - 6, row * _CELL_H + 15, label, _heat_row(row, label, cells, most))
            for row, label in enumerate(rows)
        ),
    )
    below = len(rows) * _CELL_H + 16
    hours = format_html_join(
        "",
        '<text class="label" x="{}" y="{}">{}</text>',
        ((_LEFT + hour * _CELL_W + 2, below, f"{hour:02}") for hour in range(0, 24, 3)),
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="group" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}{}</svg>',
        *(_LEFT + 24 * _CELL_W, below + 6, name, name, name, title, name, says, body, hours),
    )


def bar(value: int, most: int, look: str = "bar") -> SafeString:
    """Return a bar as long as the value's share of the most; beside a number that says it."""
    width = round(100 * value / most, 1) if most else 0
    return format_html(
        '<svg class="bar-box" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="{}" width="{}" height="10"/></svg>',
        look,
        width,
    )


def nice_ceiling(value: int) -> int:
    """Return 1, 2 or 5 times a power of ten, not below the value."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= value:
                return factor * step
        step *= 10


def _scale(top: int) -> SafeString:
    """Return three lines with what they stand for."""
    ground = HEIGHT - _BOTTOM
    marks = sorted({0, top // 2, top})
    heights = [(ground - round((ground - _TOP) * mark / top), mark) for mark in marks]
    return format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="label" x="{}" y="{}" text-anchor="end">{}</text>',
        ((_LEFT, WIDTH, y, y, _LEFT - 6, y + 4, f"{mark:,}") for y, mark in heights),
    )


@dataclass(frozen=True)
class _Place:
    """Where a column stands, and how high one of what it counts is."""

    x: float
    width: float
    unit: float
    labelled: bool


def _placed(columns: Sequence[Column], top: int) -> list[tuple[Column, _Place]]:
    wide = (WIDTH - _LEFT) / max(1, len(columns))
    unit = (HEIGHT - _BOTTOM - _TOP) / top
    every = -(-len(columns) // _MOST_LABELS)
    return [
        (column, _Place(_LEFT + n * wide, min(wide * 0.8, 60), unit, n % every == 0))
        for n, column in enumerate(columns)
    ]


def _column(column: Column, place: _Place) -> SafeString:
    ground = HEIGHT - _BOTTOM
    parts, y = [], float(ground)
    for look, value in column.parts:
        y -= value * place.unit
        if value:
            sizes = (place.x, y, place.width, value * place.unit)
            parts.append((look, *(round(size, 2) for size in sizes)))
    rects = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', parts)
    label = _label(column.label, place.x, HEIGHT - 6) if place.labelled else ""
    if not rects:
        return format_html("{}", label)
    return format_html(
        '<a href="{}" aria-label="{}"><title>{}</title>{}</a>{}',
        *(column.link, column.says, column.says, rects, label),
    )


def _label(text: str, x: float, y: int) -> SafeString:
    return format_html('<text class="label" x="{}" y="{}">{}</text>', round(x, 1), y, text)


def _heat_row(row: int, label: str, cells: Cells, most: int) -> SafeString:
    found = ((hour, *cells.get((row, hour), (0, ""))) for hour in range(24))
    return format_html_join(
        "",
        "{}",
        (
            (_linked(link, f"{label} {hour:02}:00: {number:,}", _heat_cell(row, hour, shade)),)
            for hour, number, link in found
            for shade in (_shade(number, most),)
        ),
    )


def _heat_cell(row: int, hour: int, shade: int) -> SafeString:
    return format_html(
        '<rect class="heat heat-{}" x="{}" y="{}" width="{}" height="{}"/>',
        *(shade, _LEFT + hour * _CELL_W, row * _CELL_H, _CELL_W - 2, _CELL_H - 2),
    )


def _linked(link: str, says: str, drawn: SafeString) -> SafeString:
    if not link:
        return format_html("<g><title>{}</title>{}</g>", says, drawn)
    return format_html(
        '<a href="{}" tabindex="-1" aria-label="{}"><title>{}</title>{}</a>',
        *(link, says, says, drawn),
    )


def _shade(value: int, most: int) -> int:
    """Return 0 for none, else 1 to _SHADES."""
    return -(-value * _SHADES // most) if value else 0
