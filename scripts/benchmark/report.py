"""The table, the JSON and the drawing of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from scripts.benchmark.client import Measured


@dataclass(frozen=True)
class Line:
    """One measurement of ours beside its floor, where there is one."""

    case: str
    clients: int
    workers: int
    app: str
    ours: Measured
    floor: float | None
    against: str

    @property
    def ratio(self) -> float | None:
        """Return our median by the floor's, of which ``against`` is the name."""
        return self.ours.p50 / self.floor if self.floor else None

    @property
    def row(self) -> str:
        """Return the line of the table."""
        times = "" if self.ratio is None else f"{self.ratio:.1f}"
        bare = "" if self.floor is None else f"{self.floor:.2f} ({self.against})"
        words = (
            self.case, self.clients, self.workers, self.app, f"{self.ours.p50:.2f}",
            f"{self.ours.p99:.1f}", f"{self.ours.rate:.0f}", f"{self.ours.cpu:.2f}", bare, times,
        )  # fmt: skip
        return "| " + " | ".join(map(str, words)) + " |"


HEAD = (
    "| case | clients | workers | app database | p50 ms | p99 ms | calls/s | CPU ms "
    "| floor p50 ms | ratio |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def drawing(lines: Sequence[Line]) -> str:
    """Return an SVG of our medians beside the floor's, for those lines that have one."""
    shown = [line for line in lines if line.floor]
    most = max((max(line.ours.p50, line.floor) for line in shown if line.floor), default=1.0)
    parts = [_bars(index, line, 420 / most) for index, line in enumerate(shown)]
    height = 34 * len(shown) + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" role="img" '
        'font-family="sans-serif" font-size="12"><title>Milliseconds of a call: fleetmcp (dark) '
        f"and the floor (light)</title>{''.join(parts)}</svg>\n"
    )


def _bars(index: int, line: Line, scale: float) -> str:
    top = 34 * index + 10
    label = escape(f"{line.case}, {line.clients} clients, {line.workers} workers, {line.app}")
    bare = line.floor or 0.0
    return (
        f'<text x="0" y="{top + 16}" fill="#333">{label}</text>'
        f'<rect x="330" y="{top}" width="{line.ours.p50 * scale:.1f}" height="11" fill="#1f4e79"/>'
        f'<rect x="330" y="{top + 12}" width="{bare * scale:.1f}" height="11" fill="#9dc3e6"/>'
        f'<text x="{335 + line.ours.p50 * scale:.1f}" y="{top + 10}" fill="#333">'
        f"{line.ours.p50:.1f}</text>"
    )
