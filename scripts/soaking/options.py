"""What was asked for on the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

SHORT_SECONDS = 100.0


@dataclass(frozen=True)
class Options:
    """One run. It ends after ``seconds`` of load, or after ``calls`` when that is not 0."""

    seconds: float
    calls: int
    clients: int
    app: str
    seed: int
    faults: bool
    greedy: bool
    quick: bool
    short: bool
    out: Path

    @property
    def sample_every(self) -> float:
        """Return the seconds from one look at the workers to the next."""
        return 2.0 if self.short else 5.0

    @property
    def memory_slack(self) -> float:
        """Return by which part memory may grow; a short run is mostly warming up."""
        return 0.4 if self.short else 0.1


def options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of load; default 60")
    parser.add_argument(
        "--short", action="store_true", help="three minutes, start and end included"
    )
    parser.add_argument("--calls", type=int, default=0, help="end after so many calls instead")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--app", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1, help="of the mix and of the schedule")
    parser.add_argument("--no-faults", action="store_true", help="load only")
    parser.add_argument(
        "--quick", action="store_true", help="ask nothing that waits or returns much"
    )
    parser.add_argument(
        "--greedy", action="store_true", help="one client more asks for ten million rows, always"
    )
    parser.add_argument("--out", type=Path, default=Path(".local/soak"))
    given = parser.parse_args()
    return Options(
        seconds=SHORT_SECONDS if given.short else given.minutes * 60,
        calls=given.calls,
        clients=given.clients,
        app=given.app,
        seed=given.seed,
        faults=not given.no_faults,
        greedy=given.greedy,
        quick=given.quick,
        short=given.short,
        out=given.out,
    )
