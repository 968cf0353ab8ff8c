"""One fleetmcp as production runs it: scripts/serve, that is gunicorn with its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from scripts.demo_db import ports

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0


class DidNotStart(RuntimeError):
    """A server of the soak did not come up; the text ends with its log."""


@dataclass
class Replica:
    """A gunicorn master with its workers."""

    home: Path
    environ: dict[str, str]
    count: int
    port: int = field(default_factory=ports.pick)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its own address, without the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve; return when every worker is there and one answers. Raises DidNotStart."""
        self.home.mkdir(exist_ok=True)
        own = {"PORT": str(self.port), "WEB_CONCURRENCY": str(self.count), "TMPDIR": str(self.home)}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["scripts/serve"],
                cwd=ROOT, env=self.environ | own | {"PATH": path}, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.is_whole():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart(self.log()[-3000:])
            time.sleep(0.2)

    def stop(self) -> None:
        """End it as a container's stop does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)

    def kill_worker(self, pid: int) -> None:
        """Kill a worker without a word; its master starts another."""
        os.kill(pid, signal.SIGKILL)

    def reload(self) -> None:
        """Have all workers replaced, each allowed to end what it does."""
        os.kill(self._pid, signal.SIGHUP)

    def workers(self) -> list[int]:
        """Return the processes that answer."""
        listed = Path(f"/proc/{self._pid}/task/{self._pid}/children")
        try:
            return [int(word) for word in listed.read_text().split()]
        except OSError:
            return []

    def is_whole(self) -> bool:
        """Say whether all workers are there and /readyz answers 200."""
        if len(self.workers()) != self.count:
            return False
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def log(self) -> str:
        """Return what it printed so far."""
        return (self.home / "server.log").read_text(errors="replace")

    @property
    def _pid(self) -> int:
        return self._process.pid if self._process else 0
