"""What is measured against what, one server after the other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg2

from scripts.benchmark import servers
from scripts.benchmark.cases import CASES, LARGE_CATALOG, ONE_ROW, TABLE, TEN_THOUSAND, Case
from scripts.benchmark.client import Load, measure, request
from scripts.benchmark.report import Line
from scripts.demo_db import LocalDatabase

ASGI, COPY, PSYCOPG2 = "bare ASGI app", "COPY", "bare psycopg2"
TABLES = 5_000
_LARGE = """
DO $$ BEGIN FOR n IN 1..{count} LOOP
  EXECUTE format('CREATE TABLE reporting.large_%s (id int, day date, km numeric)', n);
  EXECUTE format('GRANT SELECT ON reporting.large_%s TO analytics_ro', n);
  IF n % 500 = 0 THEN COMMIT; END IF;
END LOOP; END $$
"""


@dataclass
class Run:
    """One run: where, on which data, how long each measurement, how many clients at a time."""

    home: Path
    local: LocalDatabase
    seconds: float
    counts: tuple[int, ...]
    floors: dict[tuple[str, int], float] = field(default_factory=dict)
    bare: dict[str, float] = field(default_factory=dict)

    def measure_floors(self) -> None:
        """Measure what an answer costs with nothing of ours in between."""
        self.bare = bare(self.local.analytics_dsn)
        with servers.floor(self.home / "floor", self.local.analytics_dsn) as server:
            for case in (case for case in CASES if case.floor):
                load = Load((request(server.port, case.floor_body),))
                for clients in self.counts:
                    found = measure(server, load, clients, self.seconds)
                    self.floors[case.name, clients] = found.p50

    def lines(self, workers: int, kind: str, cases: list[Case], history: int = 0) -> Iterator[Line]:
        """Measure these cases on a server of ours; ``kind`` is that of its app database."""
        home = self.home / f"{kind}-{workers}-{history}-{len(cases)}"
        dsn = self.local.analytics_dsn
        with (
            app_database(self.local, kind) as app,
            servers.ours(home, dsn, workers, app, history) as server,
        ):
            for case in cases:
                for clients in self.counts:
                    found = measure(server, _load(server, case), clients, self.seconds)
                    name = f"{case.name}, {history:,} on record" if history else case.name
                    floor, against = self._floor(case, clients)
                    yield Line(name, clients, workers, kind, found, floor, against)
            name = f"memory of {workers} workers and their master, {kind}, MB"
            self.bare[name] = server.memory()

    def layers(self) -> dict[str, tuple[float, float]]:
        """Return what each layer of a call costs: milliseconds by the clock and of processor."""
        with servers.ours(self.home / "layers", self.local.analytics_dsn, 1) as server:
            words = [sys.executable, "-m", "scripts.benchmark.layers", *server.tokens]
            said = subprocess.run(
                words, cwd=servers.ROOT, env=server.environ, check=True, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True,
            ).stdout  # fmt: skip
        found: dict[str, tuple[float, float]] = json.loads(said.splitlines()[-1])
        return found

    def large_catalog(self) -> Iterator[Line]:
        """Measure the catalog's tools once the schema has thousands of tables."""
        execute(self.local.superuser_dsn, _LARGE.format(count=TABLES))
        yield from self.lines(1, "sqlite", LARGE_CATALOG)

    def _floor(self, case: Case, clients: int) -> tuple[float | None, str]:
        if case.copied and clients == 1:
            return self.bare[f"{COPY}, 10,000 x 7"], COPY
        return self.floors.get((case.name, clients)), ASGI


def _load(server: servers.Running, case: Case) -> Load:
    headers = [f"Authorization: Bearer {token}" for token in server.tokens]
    sent = (
        tuple(request(server.port, case.body, header) for header in headers)
        if case.authorized
        else (request(server.port, case.body),)
    )
    return Load(sent, case.status, case.holds)


@contextmanager
def app_database(local: LocalDatabase, kind: str) -> Iterator[str]:
    """Yield the DSN of an empty app database beside the data, or "" for SQLite."""
    if kind == "sqlite":
        yield ""
        return
    execute(local.superuser_dsn, "CREATE ROLE bench_app LOGIN PASSWORD 'bench'")
    execute(local.superuser_dsn, "CREATE DATABASE bench_app OWNER bench_app")
    yield re.sub(r"//[^@]+@(.*)/.*", r"//bench_app:bench@\1/bench_app", local.analytics_dsn)
    execute(local.superuser_dsn, "DROP DATABASE bench_app WITH (FORCE)")
    execute(local.superuser_dsn, "DROP ROLE bench_app")


def execute(dsn: str, sql: str) -> None:
    """Run one statement outside of any transaction."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()


def bare(dsn: str) -> dict[str, float]:
    """Return the medians of psycopg2 in this process, in milliseconds."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    copied = f"COPY ({TEN_THOUSAND.format(t=TABLE)}) TO STDOUT (FORMAT csv)"
    with connection.cursor() as cursor, Path(os.devnull).open("w") as sink:
        return {
            f"{PSYCOPG2}, one row": _timed(lambda: cursor.execute(ONE_ROW.floor), 400),
            f"{COPY}, 10,000 x 7": _timed(lambda: cursor.copy_expert(copied, sink), 40),
        }


def _timed(job: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        job()
        found.append((time.perf_counter() - started) * 1000)
    return median(found)
