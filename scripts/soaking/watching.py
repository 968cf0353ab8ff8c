"""Looks at the workers every few seconds, says how far it is, and remembers."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from scripts.soaking.deployment import Deployment
from scripts.soaking.tally import Tally

_PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """A worker at a moment: megabytes that it keeps for itself (PSS), and open files."""

    megabytes: float
    files: int


@dataclass(frozen=True)
class Sample:
    """The deployment at a moment, in seconds from the beginning."""

    at: float
    calls: int
    rate: float
    workers: dict[int, Seen]

    @property
    def megabytes(self) -> float:
        """Return what all workers keep."""
        return sum(seen.megabytes for seen in self.workers.values())


@dataclass
class Watch:
    """All samples of a run."""

    deployment: Deployment
    tally: Tally
    every: float
    began: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    doing: str = ""

    async def run(self) -> None:
        """Look and tell until cancelled."""
        while True:
            await asyncio.sleep(self.every)
            self.look()
            print(self._line(), flush=True)

    def look(self) -> None:
        """Take a sample now."""
        at = time.monotonic() - self.began
        last = self.samples[-1] if self.samples else Sample(0.0, 0, 0.0, {})
        rate = (self.tally.calls - last.calls) / max(at - last.at, 0.001)
        workers = {pid: one for pid in self.deployment.workers() if (one := seen(pid))}
        self.samples.append(Sample(at, self.tally.calls, rate, workers))

    def _line(self) -> str:
        sample, tally = self.samples[-1], self.tally
        minutes, seconds = divmod(int(sample.at), 60)
        return (
            f"{minutes:3d}:{seconds:02d} {tally.calls:8d} calls {sample.rate:6.1f}/s "
            f"{tally.wrong:4d} unexplained {sum(tally.excused.values()):5d} excused "
            f"{sample.megabytes:6.0f} MB {len(sample.workers)} workers {self.doing}"
        )


def seen(pid: int) -> Seen | None:
    """Look at a process; None if it is gone."""
    folder = Path("/proc") / str(pid)
    try:
        found = _PSS.search((folder / "smaps_rollup").read_text())
        files = sum(1 for _ in (folder / "fd").iterdir())
    except OSError:
        return None
    return Seen(int(found[1]) / 1024, files) if found else None
