"""The drawing of one run: memory of each worker and calls a second, with what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from scripts.soaking.run import Run

_WIDTH, _HEIGHT, _LEFT = 860, 150, 50
_COLOURS = ("#1f4e79", "#c55a11", "#548235", "#7030a0")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """Lines over time, in the given row of the drawing."""

    row: int
    label: str
    seconds: float
    lines: Sequence[Points]

    @property
    def svg(self) -> str:
        """Return the lines with their axis and its highest value."""
        most = max((value for line in self.lines for _, value in line), default=0.0) or 1.0
        y = bottom(self.row)
        drawn = [self._line(line, most, n) for n, line in enumerate(self.lines)]
        return (
            f'<text x="{_LEFT}" y="{y - _HEIGHT - 8}" fill="#333">{self.label}</text>'
            f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y}" y2="{y}" stroke="#333"/>'
            f'<text x="0" y="{y - _HEIGHT + 10}" fill="#333">{most:.0f}</text>{"".join(drawn)}'
        )

    def _line(self, points: Points, most: float, number: int) -> str:
        colour, base = _COLOURS[number % len(_COLOURS)], bottom(self.row)
        placed = " ".join(
            f"{across(at, self.seconds):.1f},{base - value / most * _HEIGHT:.1f}"
            for at, value in points
        )
        return f'<polyline points="{placed}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def drawing(run: Run) -> str:
    """Return the SVG."""
    samples = run.watch.samples
    seconds = samples[-1].at
    memory = [
        [(one.at, one.workers[pid].megabytes) for one in samples if pid in one.workers]
        for pid in dict.fromkeys(pid for one in samples for pid in one.workers)
    ]
    charts = (
        Chart(0, "MB of each worker (PSS)", seconds, memory),
        Chart(1, "calls a second", seconds, [[(one.at, one.rate) for one in samples]]),
    )
    drawn = _events(run, seconds) + "".join(chart.svg for chart in charts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom(1) + 20}" '
        'role="img" font-family="sans-serif" font-size="12"><title>Memory and calls over '
        f"{seconds / 60:.0f} minutes</title>{drawn}</svg>\n"
    )


def _events(run: Run, seconds: float) -> str:
    """Return a line down the drawing for each thing that was done, with its name to hover."""
    lines = []
    for window in run.tally.windows:
        x = across(window.began - run.watch.began, seconds)
        lines.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="20" y2="{bottom(1)}" stroke="#bbb" '
            f'stroke-dasharray="2 3"><title>{escape(window.name)}</title></line>'
        )
    return "".join(lines)


def across(at: float, seconds: float) -> float:
    """Return the x of a moment."""
    return _LEFT + at / seconds * (_WIDTH - _LEFT)


def bottom(row: int) -> int:
    """Return the y of a chart's axis."""
    return (row + 1) * (_HEIGHT + 30)
