"""Runs everything: scripts/bench --size full --out docs/performance"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

from scripts.benchmark.cases import CASES, ONE_ROW
from scripts.benchmark.report import HEAD, Line, drawing, overview
from scripts.benchmark.runs import Run
from scripts.demo_db import Size, prepare

SIZES = {
    "toy": Size(vehicles=14, days=8, step=3600),
    "demo": Size(vehicles=40, days=30, step=30),
    "full": Size(vehicles=240, days=90, step=22),
}
DEPLOYMENTS = [(1, "sqlite"), (2, "sqlite"), (1, "postgresql"), (2, "postgresql")]
AS_OF = date(2026, 11, 1)


def main() -> None:
    """Measure, print, write."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        local = prepare(home / "database", as_of=AS_OF, size=SIZES[wanted.size])
        run = Run(home, local, wanted.seconds, (1,) if wanted.quick else (1, 8, 32))
        print(HEAD, flush=True)
        lines = []
        try:
            for line in _lines(run, wanted):
                print(line.row, flush=True)
                lines.append(line)
            layers = run.layers()
        finally:
            local.cluster.remove()
    print(f"\n{overview(lines)}")
    print("\n| layer | ms by the clock | ms of processor |\n|---|---|---|")
    for name, (wall, processor) in layers.items():
        print(f"| {name} | {wall:.2f} | {processor:.2f} |")
    _write(wanted, run, lines, layers)


def _lines(run: Run, wanted: argparse.Namespace) -> Iterator[Line]:
    run.measure_floors()
    for workers, kind in DEPLOYMENTS[: 1 if wanted.quick else None]:
        yield from run.lines(workers, kind, CASES)
    for history in wanted.history:
        yield from run.lines(1, "sqlite", [ONE_ROW], history)
    yield from run.large_catalog()


def _write(
    wanted: argparse.Namespace,
    run: Run,
    lines: list[Line],
    layers: Mapping[str, tuple[float, float]],
) -> None:
    wanted.out.mkdir(parents=True, exist_ok=True)
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "os": platform.system(),
    }
    found = {"machine": machine, "size": wanted.size, "seconds": wanted.seconds, "bare": run.bare}
    found["layers"] = layers
    found["lines"] = [asdict(line) | {"ratio": line.ratio} for line in lines]
    (wanted.out / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    (wanted.out / "bench.svg").write_text(drawing(lines))
    for name, value in run.bare.items():
        print(f"{name}: {value:.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--size", choices=SIZES, default="demo", help="full has 10 million positions"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measurement")
    parser.add_argument("--quick", action="store_true", help="one client, one worker, SQLite only")
    parser.add_argument(
        "--history", type=int, nargs="*", default=[], help="also with so many queries on record"
    )
    parser.add_argument("--out", type=Path, default=Path(".local/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
