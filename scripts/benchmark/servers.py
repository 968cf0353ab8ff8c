"""The processes that are measured: ours as it is served in production, and the floor."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# One person's calls of the last minutes are counted before each of theirs: nobody asks all of them.
PEOPLE = 100
_TOKENS = f"""
from accounts.services import ensure_analyst, issue_token
for number in range({PEOPLE}):
    person = ensure_analyst(username=f"bench{{number}}")
    print(issue_token(user=person, label="bench").secret)
"""
_UNBOUNDED = (
    "from accounts.models import AccessPolicy as P;"
    "P.objects.update(queries_per_minute=10**9, concurrent_queries=10**6, rows_per_day=2 * 10**9)"
)


@dataclass(frozen=True)
class Running:
    """A server that answers; ``tokens`` are of several people, none for the floor."""

    port: int
    tokens: tuple[str, ...]
    pids: list[int]
    environ: dict[str, str] = field(default_factory=dict, repr=False)

    def processor_seconds(self) -> float:
        """Return how long its processes have kept a processor busy."""
        ticks = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the megabytes that its processes keep for themselves (PSS)."""
        total = 0
        for pid in self.pids:
            rollup = Path(f"/proc/{pid}/smaps_rollup")
            found = re.search(r"Pss:\s+(\d+)", rollup.read_text()) if rollup.exists() else None
            total += int(found[1]) if found else 0
        return total / 1024


@contextmanager
def ours(
    home: Path, dsn: str, workers: int, app_dsn: str = "", history: int = 0
) -> Iterator[Running]:
    """Serve fleetmcp with gunicorn, on SQLite or on the PostgreSQL that app_dsn names.

    ``history`` is how many queries the record has before.
    """
    home.mkdir(parents=True)
    port = _free_port()
    environ = {
        **os.environ,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": dsn,
        "APP_DB_FILE": str(home / "app.sqlite3"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "REQUIRE_TWO_FACTOR": "never",
    }
    environ |= {"APP_DATABASE_URL": app_dsn} if app_dsn else {}
    _manage(environ, "migrate", "--verbosity=0")
    _manage(environ, "shell", "-v0", "-c", _UNBOUNDED)
    if history:
        _manage(environ, "fill_audit", f"--rows={history}", "--i-know-this-is-no-real-history")
    said = _manage(environ, "shell", "-v0", "-c", _TOKENS)
    words = ["gunicorn", "fleetmcp.asgi:application", "-c", "python:fleetmcp.serving"]
    words += ["-k", "fleetmcp.serving.Worker"]
    words += ["-w", str(workers), "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    words += ["--forwarded-allow-ips", "", "--worker-tmp-dir", "/dev/shm"]  # noqa: S108  # gunicorn's own advice
    with _process([sys.executable, "-m", *words], environ, home, port) as pid:
        yield Running(port, tuple(said.split()), _family(pid), environ)


@contextmanager
def floor(home: Path, dsn: str) -> Iterator[Running]:
    """Serve the ten-line app."""
    home.mkdir(parents=True)
    port = _free_port()
    words = ["uvicorn", "scripts.benchmark.floor:app", "--port", str(port), "--no-access-log"]
    environ = {**os.environ, "DATABASE_URL": dsn}
    with _process([sys.executable, "-m", *words], environ, home, port) as pid:
        yield Running(port, (), [pid])


@contextmanager
def _process(words: list[str], environ: dict[str, str], home: Path, port: int) -> Iterator[int]:
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        _wait(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(2)  # each worker's first steps
            return
    sys.exit("A server of the benchmark did not start.")


def _manage(environ: dict[str, str], *words: str) -> str:
    argv = [sys.executable, "manage.py", *words]
    return subprocess.run(
        argv, cwd=ROOT, env=environ, check=True, capture_output=True, text=True
    ).stdout


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
