"""Runs everything: scripts/bench --size full --out docs/performance"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from statistics import median

import psycopg2

from scripts.benchmark import servers
from scripts.benchmark.cases import CASES, ONE_ROW, TABLE, TEN_THOUSAND, Case
from scripts.benchmark.client import Load, Measured, measure, request
from scripts.benchmark.report import HEAD, Line, drawing
from scripts.demo_db import LocalDatabase, Size, prepare

SIZES = {
    "toy": Size(vehicles=14, days=8, step=3600),
    "demo": Size(vehicles=40, days=30, step=30),
    "full": Size(vehicles=240, days=90, step=22),
}
AS_OF = date(2026, 11, 1)


def main() -> None:
    """Measure, print, write."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        local = prepare(home / "database", as_of=AS_OF, size=SIZES[wanted.size])
        try:
            lines = list(_lines(home, local, wanted))
            bare = _bare(local.analytics_dsn)
        finally:
            local.cluster.remove()
    wanted.out.mkdir(parents=True, exist_ok=True)
    found = {"machine": _machine(), "size": wanted.size, "bare": bare}
    found["lines"] = [asdict(line) | {"ratio": line.ratio} for line in lines]
    (wanted.out / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    (wanted.out / "bench.svg").write_text(drawing(lines))
    for name, value in bare.items():
        print(f"{name}: {value:.2f} ms")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--size", choices=SIZES, default="demo", help="full has 10 million positions"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measurement")
    parser.add_argument("--quick", action="store_true", help="one client, one worker, SQLite only")
    parser.add_argument("--out", type=Path, default=Path(".local/bench"))
    return parser.parse_args()


def _lines(home: Path, local: LocalDatabase, wanted: argparse.Namespace) -> Iterator[Line]:
    print(HEAD, flush=True)
    floors: dict[tuple[str, int], Measured] = {}
    counts = (1,) if wanted.quick else (1, 8, 32)
    with servers.floor(home / "floor", local.analytics_dsn) as bare:
        for case in CASES:
            for clients in counts:
                if case.floor:
                    load = Load(request(bare.port, case.floor_body))
                    floors[case.name, clients] = measure(bare.port, load, clients, wanted.seconds)
    setups = [(1, "sqlite")] if wanted.quick else [(1, "sqlite"), (2, "sqlite"), (2, "postgresql")]
    for workers, kind in setups:
        with (
            _app(local, kind) as app_dsn,
            servers.ours(
                home / f"{kind}-{workers}", local.analytics_dsn, workers, app_dsn
            ) as server,
        ):
            for case in CASES if workers == 1 else CASES[:2]:
                for clients in counts:
                    found = measure(server.port, _load(server, case), clients, wanted.seconds)
                    floor = floors.get((case.name, clients))
                    line = Line(case.name, clients, workers, kind, found, floor)
                    print(line.row, flush=True)
                    yield line
            print(f"memory of {workers} workers, {kind}: {server.memory():.0f} MB", flush=True)


def _load(server: servers.Running, case: Case) -> Load:
    headers = [f"Authorization: Bearer {server.token}"] if case.authorized else []
    return Load(request(server.port, case.body, *headers), case.status, case.holds)


@contextmanager
def _app(local: LocalDatabase, kind: str) -> Iterator[str]:
    """Yield the DSN of an empty app database beside the data, or "" for SQLite."""
    if kind == "sqlite":
        yield ""
        return
    connection = psycopg2.connect(local.superuser_dsn)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE bench_app LOGIN PASSWORD 'bench'")
        cursor.execute("CREATE DATABASE bench_app OWNER bench_app")
    connection.close()
    yield re.sub(r"//[^@]+@(.*)/.*", r"//bench_app:bench@\1/bench_app", local.analytics_dsn)


def _bare(dsn: str) -> dict[str, float]:
    """Return the medians of bare psycopg2 in this process, in milliseconds."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    copied = f"COPY ({TEN_THOUSAND.format(t=TABLE)}) TO STDOUT (FORMAT csv)"
    with connection.cursor() as cursor, Path(os.devnull).open("w") as sink:
        return {
            "bare psycopg2, one row": _timed(lambda: cursor.execute(ONE_ROW.floor), 400),
            "bare COPY, 10,000 x 7": _timed(lambda: cursor.copy_expert(copied, sink), 40),
        }


def _timed(job: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        job()
        found.append((time.perf_counter() - started) * 1000)
    return median(found)


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "os": platform.system()}


if __name__ == "__main__":
    main()
