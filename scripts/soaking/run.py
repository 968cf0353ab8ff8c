"""One run: load and events side by side, then the quiet in which everything must come back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from scripts.soaking.deployment import QUEUE_TIMEOUT, STATEMENT_TIMEOUT, Deployment
from scripts.soaking.events import Events
from scripts.soaking.judging import open_rows
from scripts.soaking.load import Load
from scripts.soaking.options import Options
from scripts.soaking.schedule import Due
from scripts.soaking.tally import Tally
from scripts.soaking.watching import Watch

# A row that a crash left open is closed when its question can't be running any more, and a minute
# for that, and a minute until the server looks.
RECOVERY_S = STATEMENT_TIMEOUT + QUEUE_TIMEOUT + 60 + 60 + 30
_QUIET_S = 3.0


@dataclass
class Run:
    """All that is known of a run; ``failed`` are events that could not be done."""

    options: Options
    load: Load
    events: Events
    watch: Watch
    due: list[Due]
    failed: list[str] = field(default_factory=list)
    recovered_after: float = 0.0
    grown_by: int = 0
    abandoned: int = 0

    @property
    def deployment(self) -> Deployment:
        """Return what is under load."""
        return self.load.deployment

    @property
    def tally(self) -> Tally:
        """Return what was answered."""
        return self.load.tally

    async def through(self) -> None:
        """Keep it busy, then wait until it is as it was; nothing is restarted by hand."""
        before = self.deployment.app.size()
        watching = asyncio.create_task(self.watch.run())
        causing = asyncio.create_task(self._cause())
        await self._busy(causing)
        self.watch.look()
        watching.cancel()
        self.grown_by = self.deployment.app.size() - before
        await self._recover()
        logs = [replica.log() for replica in self.deployment.replicas]
        self.abandoned = sum(log.count("reason=abandoned") for log in logs)

    async def _busy(self, causing: asyncio.Task[None]) -> None:
        asking = asyncio.create_task(self.load.run())
        limit = None if self.options.calls else self.options.seconds
        await asyncio.wait({asking}, timeout=limit)
        causing.cancel()
        await asyncio.wait({causing})
        self.load.over.set()
        await asking

    async def _cause(self) -> None:
        """Do what is due, one after the other; what fails is told at the end."""
        began = time.monotonic()
        for due in self.due:
            await asyncio.sleep(max(0.0, began + due.at - time.monotonic()))
            self.watch.doing = f"[{due.name}]"
            try:
                await asyncio.shield(self.events.of(due.name)())
                self.events.done[due.name] += 1
            except Exception as error:  # whatever it is, it is reported
                self.failed.append(f"{due.name}: {type(error).__name__} {error}"[:500])
            self.watch.doing = ""

    async def _recover(self) -> None:
        """Wait until no row is open, as long as that may take."""
        began = time.monotonic()
        print("quiet; waiting for open rows to be closed", flush=True)
        await asyncio.sleep(_QUIET_S)
        while time.monotonic() < max(began, self.events.last_crash) + RECOVERY_S:
            if await asyncio.to_thread(open_rows, self.deployment) == 0:
                break
            await asyncio.sleep(2)
        self.recovered_after = time.monotonic() - began
        await asyncio.sleep(_QUIET_S)
