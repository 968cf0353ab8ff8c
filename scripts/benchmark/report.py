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


def overview(lines: Sequence[Line]) -> str:
    """Return a table of a line for each case and number of clients, the deployments side by side.

    Each has its median in ms, and calls/s; ratio and processor time are the first deployment's.
    """
    served = list(dict.fromkeys((line.workers, line.app) for line in lines))
    names = [f"{workers} x {app}" for workers, app in served]
    heads = ["case", "clients", "floor p50 ms", *names, "CPU ms", "ratio"]
    table = [heads, ["---"] * len(heads)]
    for case, clients in dict.fromkeys((line.case, line.clients) for line in lines):
        same = [line for line in lines if (line.case, line.clients) == (case, clients)]
        found = {(line.workers, line.app): line.ours for line in same}
        cells = [
            f"{found[k].p50:.1f} ({found[k].rate:.0f}/s)" if k in found else "" for k in served
        ]
        first = same[0]
        bare = "" if first.floor is None else f"{first.floor:.2f} ({first.against})"
        ratio = "" if first.ratio is None else f"{first.ratio:.1f}"
        table.append([case, str(clients), bare, *cells, f"{first.ours.cpu:.2f}", ratio])
    return "\n".join(f"| {' | '.join(row)} |" for row in table)


def _cell(ours: Measured | None) -> str:
    return f"{ours.p50:.1f} ({ours.rate:.0f}/s)" if ours else ""


def drawing(lines: Sequence[Line]) -> str:
    """Return an SVG of our medians at one client of one worker, beside the floor's."""
    first = [line for line in lines if (line.clients, line.workers, line.app) == (1, 1, "sqlite")]
    shown = [line for line in first if line.floor]
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
    label = escape(f"{line.case} ({line.against})")
    bare = line.floor or 0.0
    return (
        f'<text x="0" y="{top + 16}" fill="#333">{label}</text>'
        f'<rect x="330" y="{top}" width="{line.ours.p50 * scale:.1f}" height="11" fill="#1f4e79"/>'
        f'<rect x="330" y="{top + 12}" width="{bare * scale:.1f}" height="11" fill="#9dc3e6"/>'
        f'<text x="{335 + line.ours.p50 * scale:.1f}" y="{top + 10}" fill="#333">'
        f"{line.ours.p50:.1f}</text>"
    )
