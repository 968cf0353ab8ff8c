"""Look whether everything that fleetmcp needs is there, and safe. Changes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from fleetmcp.doctor.examination import Finding, examine, in_words, is_sound
from fleetmcp.doctor.lines import Level


class Command(BaseCommand):
    help = "Looks whether everything is there and safe, and says what to do. Changes nothing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the command line."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--seconds", type=float, default=120, help="stop looking after these")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is found as it comes; exit with 1 when something is broken or unsafe."""
        findings = examine(options["seconds"])
        found = self._as_json(findings) if options["json"] else self._as_lines(findings)
        if not is_sound(found):
            sys.exit(1)

    def _as_lines(self, findings: Iterable[Finding]) -> list[Finding]:
        found: list[Finding] = []
        for finding in findings:
            if not found or found[-1].subject != finding.subject:
                self.stdout.write(f"\n{finding.subject}")
            self._write(finding)
            found.append(finding)
        self.stdout.write("\n" + in_words(found))
        return found

    def _write(self, finding: Finding) -> None:
        line = finding.line
        style = {
            Level.OK: self.style.SUCCESS,
            Level.WARN: self.style.WARNING,
            Level.FAIL: self.style.ERROR,
        }[line.level]
        self.stdout.write(f"  {style(f'{line.level.upper():4}')}  {line.text}")
        if line.todo:
            self.stdout.write(f"        → {line.todo}")
        self.stdout.flush()

    def _as_json(self, findings: Iterable[Finding]) -> list[Finding]:
        found = list(findings)
        lines = [
            {"subject": one.subject, "level": one.line.level, "text": one.line.text,
             "todo": one.line.todo}
            for one in found
        ]  # fmt: skip
        self.stdout.write(json.dumps({"ok": is_sound(found), "lines": lines}, indent=1))
        return found
