"""The table and the JSON of one run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from scripts.soaking.judging import Judgement
from scripts.soaking.run import Run

_SHOWN = 10


def table(run: Run, judgements: Sequence[Judgement]) -> str:
    """Return what is printed at the end."""
    lines = ["| must hold | holds | found |", "|---|---|---|"]
    lines += [f"| {one.name} | {'yes' if one.holds else 'NO'} | {one.told} |" for one in judgements]
    lines += ["", "| figure | value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in figures(run).items()]
    lines += ["", *(f"excused: {count} {what}" for what, count in _excused(run).items())]
    lines += [f"unexplained: {one}" for one in run.tally.unexplained[:_SHOWN]]
    return "\n".join(lines)


def figures(run: Run) -> dict[str, Any]:
    """Return the numbers of the run."""
    tally, samples = run.tally, run.watch.samples
    seconds, calls = samples[-1].at, max(tally.calls, 1)
    failing = sum(n for (_, outcome), n in tally.counts.items() if outcome.startswith("http 5"))
    return {
        "app database": run.options.app,
        "minutes of load": round(seconds / 60, 1),
        "calls": tally.calls,
        "calls a second": round(tally.calls / seconds, 1),
        "excused by events": sum(tally.excused.values()),
        "of these, 5xx": failing,
        "rows that a crash left open, closed later": run.abandoned,
        "bytes of record a call": round(run.grown_by / calls),
        "seconds until no row was open": round(run.recovered_after),
        "megabytes of the workers, highest": round(max(one.megabytes for one in samples)),
        **{f"done: {name}": count for name, count in sorted(run.events.done.items())},
    }


def found(run: Run, judgements: Sequence[Judgement]) -> str:
    """Return everything as JSON."""
    return json.dumps(
        {
            "ok": all(one.holds for one in judgements),
            "judgements": [asdict(one) for one in judgements],
            "figures": figures(run),
            "options": asdict(run.options) | {"out": str(run.options.out)},
            "answers": {": ".join(key): n for key, n in sorted(run.tally.counts.items())},
            "excused": _excused(run),
            "unexplained": run.tally.unexplained,
            "events": [asdict(due) for due in run.due],
            "samples": [asdict(one) for one in run.watch.samples],
        },
        indent=1,
    )


def _excused(run: Run) -> dict[str, int]:
    return {f"{outcome} during {name}": n for (name, outcome), n in run.tally.excused.items()}
