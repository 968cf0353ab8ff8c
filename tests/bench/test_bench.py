"""The benchmark itself at toy size: that it measures what it says, never how fast."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.benchmark.cases import CASES, LARGE_CATALOG

ROOT = Path(__file__).resolve().parents[2]
TOY = ["--size", "toy", "--quick", "--seconds", "0.2", "--history", "500"]


@pytest.mark.proves("BENCH-RUNS")
@pytest.mark.timeout(600)
def test_benchmark_measures_every_case_and_writes_table_json_and_drawing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.benchmark", *TOY, "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((tmp_path / "bench.json").read_text())
    names = [case.name for case in [*CASES, CASES[0], *LARGE_CATALOG]]
    names[len(CASES)] += ", 500 on record"
    assert [line["case"] for line in found["lines"]] == names
    for line in found["lines"]:
        assert line["ours"]["calls"] > 0, line
        assert (line["ratio"] or 1) > 0, line
        assert f"| {line['case']} |" in done.stdout
    whole = done.stdout[done.stdout.index("| 1 x sqlite |") :].splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in whole[2 : len(names) + 2]] == names
    assert len(found["layers"]) == 7
    assert all(spent > 0 for costs in found["layers"].values() for spent in costs)
    assert found["bare"]["COPY, 10,000 x 7"] > 0
    assert ElementTree.parse(tmp_path / "bench.svg").getroot().tag.endswith("svg")  # ours
