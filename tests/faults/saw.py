"""What a test saw of its fault, and the line that scripts/faults makes its table of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

VERDICTS = {"passed": "ok", "failed": "FAIL", "skipped": "skipped"}


@dataclass
class Saw:
    """What a test saw: sentences, the longest answer, and how long everything took to be well."""

    seen: list[str] = field(default_factory=list)
    answer_s: float | None = None
    recover_s: float | None = None

    def __call__(
        self, what: str, *, answer: float | None = None, recover: float | None = None
    ) -> None:
        """Note it; of several times the longest counts."""
        self.seen.append(what)
        if answer is not None:
            self.answer_s = max(answer, self.answer_s or 0)
        if recover is not None:
            self.recover_s = max(recover, self.recover_s or 0)


def line_of(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> dict[str, Any] | None:
    """Return the line when a fault's test has run, or could not; else None."""
    mark = item.get_closest_marker("fault")
    if mark is None or (report.when != "call" and report.outcome == "passed"):
        return None
    what, must = mark.args
    noted = [value for _, value in item.user_properties if isinstance(value, Saw)]
    saw = noted[0] if noted else Saw()
    reason = str(call.excinfo.value) if report.outcome == "skipped" and call.excinfo else ""
    return {
        "fault": what,
        "must": must,
        "seen": reason or "; ".join(saw.seen),
        "answer_s": saw.answer_s,
        "recover_s": saw.recover_s,
        "took_s": round(call.duration, 1),
        "verdict": VERDICTS[report.outcome],
        "test": item.nodeid,
    }
