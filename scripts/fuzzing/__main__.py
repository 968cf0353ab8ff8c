"""The long form of tests/fuzz: the same tests, with time instead of a number of cases."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {
    "guard": "test_guard_fuzz.py",
    "jsonrpc": "test_jsonrpc_fuzz.py",
    "http": "test_http_fuzz.py",
    "tokens": "test_token_fuzz.py",
    "env": "test_env_fuzz.py",
}
# How many tests share a target's minutes: guard runs on each PostgreSQL.
SHARES = {"guard": 3, "jsonrpc": 2, "http": 2, "tokens": 3, "env": 1}
FOUND, CANNOT = 1, 2
COVERAGE = "coverage"  # with atheris, which is not part of "all"


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="for each target (default: 5)")
    parser.add_argument("--seed", type=int, help="a whole number; default: another each time")
    parser.add_argument("--target", choices=[*TARGETS, COVERAGE, "all"], default="all")
    parser.add_argument("--findings", type=Path, help="where what broke is written, a line each")
    parser.add_argument("--only", default="", help="words for pytest's -k, such as postgres_15")
    chosen = parser.parse_args(words)
    if not 0 < chosen.minutes <= 24 * 60:
        parser.error("--minutes must be more than 0 and at most 1440")
    return chosen


def hunted(target: str, chosen: argparse.Namespace, findings: Path, seed: int) -> int:
    """Run one target and return its exit code."""
    if target == COVERAGE:
        with tempfile.TemporaryDirectory(prefix="fuzz-corpus-") as corpus:
            words = ["--seconds", str(int(chosen.minutes * 60)), "--seed", str(seed)]
            words += ["--folder", str(findings.parent), "--corpus", corpus]
            return _run("scripts.fuzzing.by_coverage", words, {})
    told = {
        "FUZZ_SECONDS": str(chosen.minutes * 60 / SHARES[target]),
        "FUZZ_SEED": str(seed),
        "FUZZ_FINDINGS": str(findings),
    }
    words = [
        f"tests/fuzz/{TARGETS[target]}",
        "-q",
        "-rs",
        "-p",
        "no:randomly",
        "--timeout=0",
        "--capture=sys",
        "-k",
        chosen.only,
    ]
    print(f"{target}: {chosen.minutes:g} minutes, seed {seed}", file=sys.stderr, flush=True)
    return _run("pytest", words, told)


def _run(module: str, words: list[str], told: dict[str, str]) -> int:
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, cwd=ROOT, env=os.environ | told, check=False).returncode


def main() -> int:
    """Hunt in each target in turn; return 0 when nothing broke, 1 when something did."""
    chosen = options()
    seed = chosen.seed if chosen.seed is not None else secrets.randbelow(10**6)
    named = f"fuzz-findings-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    findings = (chosen.findings or Path(named)).resolve()
    targets = list(TARGETS) if chosen.target == "all" else [chosen.target]
    codes = {target: hunted(target, chosen, findings, seed) for target in targets}
    if codes.get(COVERAGE) == CANNOT:
        return CANNOT
    broken = [target for target, code in codes.items() if code]
    lines = len(findings.read_text(encoding="ascii").splitlines()) if findings.exists() else 0
    print(f"seed {seed}: {lines} findings" + (f" in {findings}" if lines else ""))
    if broken:
        print(f"broke: {', '.join(broken)}; again with --seed {seed} --target {broken[0]}")
    return FOUND if broken else 0


if __name__ == "__main__":
    sys.exit(main())
