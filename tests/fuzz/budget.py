"""How long a fuzz test runs, from which seed, and where what it broke is written down.

Without ``FUZZ_SECONDS`` it is the short form: a fixed number of cases from a fixed seed, the same
on every machine. ``scripts/fuzz`` sets the variables for the long one.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
FINDINGS = os.environ.get("FUZZ_FINDINGS", "")
ENOUGH = 25
EXPLORE = "a short form from a fixed seed; `scripts/fuzz --target {}` explores further"


@dataclass
class Hunt:
    """One run of one target: cases with a random source of their own, figures, and findings."""

    target: str
    figures: Counter[str] = field(default_factory=Counter)
    found: dict[str, str] = field(default_factory=dict)

    def cases(self, short: int) -> Iterator[tuple[str, random.Random]]:
        """Yield (name, random source) until the number or the time is used up."""
        start = told = time.monotonic()
        number = 0
        while number < short if not SECONDS else time.monotonic() - start < SECONDS:
            if len(self.found) >= ENOUGH:
                break
            name = f"{self.target}:{SEED}:{number}"
            yield name, random.Random(name)
            number += 1
            if time.monotonic() - told > 15:
                told = time.monotonic()
                self.say(f"{told - start:.0f} s, {number} cases")
        self.say(f"end: {number} cases in {time.monotonic() - start:.0f} s")

    def broke(self, rule: str, case: object, what: object, name: str = "") -> None:
        """Note a case that broke a rule; only the first of its kind is kept."""
        kind = f"{rule}: {str(what)[:120]}"
        self.figures["broke"] += 1
        if kind in self.found:
            return
        self.found[kind] = str(case)
        written = {"target": self.target, "name": name, "rule": rule, "case": case}
        line = json.dumps(written | {"what": str(what)[:2000]}, ensure_ascii=True, default=repr)
        if FINDINGS:
            with Path(FINDINGS).open("a", encoding="ascii") as file:
                file.write(line + "\n")
        self.say(f"BROKEN {line[:1000]}")

    def say(self, text: str) -> None:
        """Print a line of progress, past pytest, when the long form runs."""
        if SECONDS:
            figures = ", ".join(f"{name} {count}" for name, count in sorted(self.figures.items()))
            print(f"[{self.target}] {text}; {figures}", file=sys.__stderr__, flush=True)

    def ended(self) -> None:
        """Fail with what was found, and how to look for more."""
        told = "\n".join(f"{kind}\n    {case}" for kind, case in self.found.items())
        assert not self.found, f"{EXPLORE.format(self.target.partition(' ')[0])}\n{told}"


def explored(
    hunt: Hunt, strategy: SearchStrategy[Any], check: Callable[[Any], None], *, short: int
) -> None:
    """Let hypothesis look for a case that fails the check, and shrink it.

    The long form goes on in rounds of 500 with new seeds; a round that fails is a finding.
    """
    last: list[object] = [None]

    def remembered(case: Any) -> None:
        last[0] = case
        hunt.figures["cases"] += 1
        check(case)

    for number, (name, source) in enumerate(hunt.cases(1)):
        phases = (Phase.generate, Phase.shrink)
        chosen = settings(
            max_examples=500 if SECONDS else short, deadline=None, database=None, phases=phases,
            suppress_health_check=list(HealthCheck), print_blob=False,
        )  # fmt: skip
        number_of_round = SEED if number == 0 else source.getrandbits(64)
        try:
            chosen(seed(number_of_round)(given(strategy)(remembered)))()
        except Exception as error:
            hunt.broke(type(error).__name__, last[0], error, name)
    hunt.ended()
