"""What is done to the deployment while it is asked, each announced in the tally."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from scripts.soaking.appdb import PostgresApp
from scripts.soaking.deployment import CommandFailed, Deployment
from scripts.soaking.people import CHANGING, Keys
from scripts.soaking.tally import NOT_CANCELLED, Tally, Window

# What a client may meet while a server goes away; "cancelled" says that it is restarting.
GONE = ("broken", "unreadable", "http 502", "http 503", "http 504")
LEAVING = (*GONE, "cancelled")
_NO_DATABASE = ("database_unavailable", "server_busy", "http 503")
# A cancel is a mark in the record. The official library ends its session at a 503, and tells so.
_NO_RECORD = (
    "http 503",
    "not_recorded",
    "database_unavailable",
    NOT_CANCELLED,
    "broken ClosedResourceError",
)
# Answers to what was asked before may come a little later.
_GRACE_S = 3.0
_WHOLE_S = 90.0


@dataclass
class Events:
    """The verbs; ``done`` counts them, ``last_crash`` is when something was last cut off."""

    deployment: Deployment
    keys: Keys
    tally: Tally
    rng: random.Random
    done: Counter[str] = field(default_factory=Counter)
    last_crash: float = 0.0

    def of(self, name: str) -> Callable[[], Awaitable[None]]:
        """Return the verb of that name."""
        verbs: dict[str, Callable[[], Awaitable[None]]] = {
            "issue": self.issue,
            "rotate": self.rotate,
            "revoke": self.revoke,
            "cancel": self.cancel,
            "pause": self.pause,
            "seal": self.seal,
            "kill worker": self.kill_worker,
            "reload": self.reload,
            "restart analytics": self.restart_analytics,
            "restart app database": self.restart_app,
            "rolling restart": self.roll,
        }
        return verbs[name]

    async def issue(self) -> None:
        """Give somebody one token more."""
        said = await self._manage("issue_token", CHANGING, "--label=soak")
        self.keys.add(CHANGING, said.split()[-1])

    async def rotate(self) -> None:
        """Replace a token; the old one ends at once."""
        old = self.keys.spare(CHANGING)
        if old is None:
            return
        with old.closing():
            said = await self._manage("rotate_token", old.prefix, "--overlap-hours=0")
        self.keys.add(CHANGING, said.split()[-1])

    async def revoke(self) -> None:
        """Revoke a token that clients are using."""
        token = self.keys.spare(CHANGING)
        if token is not None:
            with token.closing():
                await self._manage("revoke_token", token.prefix, "--reason=soak")

    async def cancel(self) -> None:
        """Cancel something that runs, as an operator who looks into pg_stat_activity."""
        window = self.tally.open("operator's cancel", "cancelled")
        number = await self._running()
        if number:
            try:
                await self._manage("cancel_query", number, "--by=operator")
            except CommandFailed:
                self.done["cancel came too late"] += 1
            await asyncio.sleep(_GRACE_S)
        window.ended = time.monotonic()

    async def _running(self) -> str:
        """Return the number of a question that sleeps, or "" if none does for a while."""
        sql = (
            "SELECT split_part(application_name, ':', 3) FROM pg_stat_activity "
            "WHERE usename = 'analytics_ro' AND wait_event = 'PgSleep'"
        )
        for _ in range(40):
            found = await asyncio.to_thread(self.deployment.ask, sql)
            if found:
                return str(self.rng.choice(found)[0])
            await asyncio.sleep(0.25)
        return ""

    async def pause(self) -> None:
        """Pause everything for some seconds: meanwhile no question may be answered."""
        window = self.tally.open("pause", "paused")
        await self._manage("pause_server", "The soak is having a break.")
        window.firm_from = time.monotonic()
        await asyncio.sleep(self.rng.uniform(1, 4))
        window.firm_until = time.monotonic()
        await self._manage("resume_server")
        await self._over(window)

    async def seal(self) -> None:
        """Seal beside the servers, which do so too."""
        await self._manage("seal_audit")

    async def kill_worker(self) -> None:
        """Kill -9."""
        window = self.tally.open("worker killed", *GONE)
        replica = self.rng.choice(self.deployment.replicas)
        pid = self.rng.choice(replica.workers())
        replica.kill_worker(pid)
        await self._until(lambda: pid not in replica.workers())
        await self._whole()
        await self._over(window)

    async def reload(self) -> None:
        """Replace all workers of one server, gracefully."""
        window = self.tally.open("workers reloaded", *LEAVING)
        replica = self.rng.choice(self.deployment.replicas)
        before = set(replica.workers())
        replica.reload()
        await self._until(lambda: not before & set(replica.workers()))
        await self._whole()
        await self._over(window)

    async def restart_analytics(self) -> None:
        """Stop the database that is asked, and start it again."""
        window = self.tally.open("analytics database restarted", *_NO_DATABASE)
        cluster = self.deployment.analytics.cluster
        await asyncio.to_thread(cluster.stop)
        await asyncio.sleep(self.rng.uniform(0, 2))
        await asyncio.to_thread(cluster.start)
        await self._whole()
        await self._over(window)

    async def restart_app(self) -> None:
        """Stop the database of the record, and start it again; only where it is a server."""
        app = self.deployment.app
        if isinstance(app, PostgresApp):
            window = self.tally.open("app database restarted", *_NO_RECORD)
            await asyncio.to_thread(app.restart)
            await self._whole()
            await self._over(window)

    async def roll(self) -> None:
        """Stop and start one replica after the other."""
        if len(self.deployment.replicas) > 1:
            window = self.tally.open("rolling restart", *LEAVING)
            for replica in self.deployment.replicas:
                await asyncio.to_thread(replica.stop)
                await asyncio.to_thread(replica.start)
            await self._over(window)

    async def _over(self, window: Window) -> None:
        await asyncio.sleep(_GRACE_S)
        self.last_crash = time.monotonic()
        window.ended = self.last_crash

    async def _whole(self) -> None:
        await self._until(self.deployment.is_whole)

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Wait for it. Raises TimeoutError: then the deployment doesn't recover by itself."""
        deadline = time.monotonic() + _WHOLE_S
        while not await asyncio.to_thread(holds):
            if time.monotonic() > deadline:
                raise TimeoutError("The servers are not whole again.")
            await asyncio.sleep(0.2)

    async def _manage(self, *words: str) -> str:
        return await asyncio.to_thread(self.deployment.manage, *words)
