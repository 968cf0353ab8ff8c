"""Runs tests/faults and shows what was seen of each fault, as a table, Markdown and JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HEADS = ("fault", "must hold", "seen", "answer", "recovery", "verdict")

Line = dict[str, Any]


def main() -> int:
    """Run the suite; return 0 when every fault did what must hold."""
    wanted, words = _arguments()
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as record:
        code = _run(Path(record.name), words, long=not wanted.short)
        lines = read(Path(record.name).read_text())
    print(markdown(lines) if wanted.markdown else table(lines))
    if wanted.out:
        about = {"python": platform.python_version(), "cores": os.cpu_count(), "faults": lines}
        wanted.out.write_text(json.dumps(about, indent=2) + "\n")
    failed = [line for line in lines if line["verdict"] == "FAIL"]
    skipped = [line for line in lines if line["verdict"] == "skipped"]
    print(f"\n{len(lines)} faults, {len(failed)} failed, {len(skipped)} skipped", file=sys.stderr)
    return 1 if failed or not lines else code


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--out", type=Path, help="write what was seen as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--short", action="store_true", help="leave out what takes long")
    return parser.parse_known_args()


def _run(record: Path, words: Sequence[str], *, long: bool) -> int:
    environ = os.environ | {"FAULTS_RECORD": str(record), "FAULTS_LONG": "1" if long else ""}
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "tests/faults", *words]
    return subprocess.run(pytest, env=environ, stdout=sys.stderr, check=False).returncode


def read(text: str) -> list[Line]:
    """Return a line for each test, in the order in which they ran; the worst word on it counts."""
    found: dict[str, Line] = {}
    for line in map(json.loads, text.splitlines()):
        known = found.get(line["test"])
        found[line["test"]] = line if known is None else known | {"verdict": line["verdict"]}
    return list(found.values())


def table(lines: Sequence[Line]) -> str:
    """Return the lines for a terminal."""
    return "\n".join(
        f"{line['verdict']:7} {_seconds(line['answer_s']):>7} {_seconds(line['recover_s']):>7}  "
        f"{_named(line)}\n{'':26}must: {line['must']}\n{'':26}seen: {line['seen']}"
        for line in lines
    )


def markdown(lines: Sequence[Line]) -> str:
    """Return the lines as a table for docs/reliability.md."""
    rows = [HEADS, ("---",) * len(HEADS)]
    for line in lines:
        times = (_seconds(line["answer_s"]), _seconds(line["recover_s"]))
        rows.append((_named(line), line["must"], line["seen"], *times, line["verdict"]))
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _named(line: Line) -> str:
    """Return the fault, with the case of it that the test is for."""
    case = re.search(r"\[(.+)\]", line["test"])
    return f"{line['fault']} ({case[1]})" if case else str(line["fault"])


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
