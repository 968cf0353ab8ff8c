"""Verify the record against its seals, and these against heads kept elsewhere."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.heads import Heads, logged_heads, noted_heads
from audit.verification import Finding
from audit.verifying import Verification

_TELL_EVERY_S = 10.0


class Command(BaseCommand):
    help = "Find every row of the record that was changed, deleted or put in. Ends with 1 if any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the heads that somebody kept, and how to answer."""
        parser.add_argument(
            "--head", action="append", default=[], metavar="12:abcdef…", help="a seal as noted"
        )
        parser.add_argument(
            "--heads", type=Path, metavar="FILE", help="seals as the server's log printed them"
        )
        parser.add_argument("--json", action="store_true", help="answer with one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify; raise CommandError, which ends with 1, if anything is wrong."""
        self._json = options["json"]
        run = Verification(tell=_Teller(self.stderr), heads=_heads(options))
        started = time.monotonic()
        findings = self._each(run.findings())
        warnings = self._each(run.warnings(), "Warning: ")
        self._summary(run, findings, warnings, time.monotonic() - started)
        if findings:
            sys.exit(1)

    def _each(self, found: Iterable[Finding], before: str = "") -> list[Finding]:
        """Print each as it comes; keep them for JSON only."""
        listed = []
        for finding in found:
            listed.append(finding)
            if not self._json:
                self.stdout.write(before + finding.sentence)
        return listed

    def _summary(
        self, run: Verification, findings: list[Finding], warnings: list[Finding], seconds: float
    ) -> None:
        rate = run.rows / seconds if seconds else 0.0
        if not self._json:
            verdict = f"{len(findings):,} findings" if findings else "Nothing is wrong"
            done = f"{run.rows:,} rows in {run.seals:,} seals, {rate:,.0f} rows a second"
            self.stdout.write(f"{verdict}: {done}.")
            return
        answer = {
            "ok": not findings,
            "rows": run.rows,
            "seals": run.seals,
            "head": run.head,
            "seconds": round(seconds, 3),
            "findings": [asdict(finding) for finding in findings],
            "warnings": [asdict(finding) for finding in warnings],
        }
        self.stdout.write(json.dumps(answer))


class _Teller:
    """Says on stderr how far it is: often to a person, seldom to a log."""

    def __init__(self, stderr: Any) -> None:
        self._stderr = stderr
        self._every = 1.0 if stderr.isatty() else _TELL_EVERY_S
        self._next = time.monotonic() + self._every

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._every
            self._stderr.write(f"{done:,} rows verified")


def _heads(options: dict[str, Any]) -> Heads:
    heads = _logged(options["heads"]) if options["heads"] else {}
    for head in options["head"]:
        noted = noted_heads(head)
        if not noted:
            raise CommandError(f"Write --head as NUMBER:DIGEST, with 16 to 64 hex digits: {head}")
        for number, digests in noted.items():
            heads.setdefault(number, set()).update(digests)
    return heads


def _logged(path: Path) -> Heads:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            heads = logged_heads(file)
    except OSError:
        raise CommandError("The file that --heads names can't be read.") from None
    if not heads:
        raise CommandError(
            "The file that --heads names holds no seal. Give the lines whole, as the server's log "
            "printed them, or NUMBER:DIGEST alone on a line."
        )
    return heads
