"""What was answered, and whether that was right at that moment."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from scripts.soaking.people import Token

OK = "ok"
HUNG_UP = "hung up"
# Rows, for a question that its client kept cancelling.
NOT_CANCELLED = "not cancelled"
_OVERLOAD = ("server_busy", "timed_out")
_KEPT = 40


@dataclass(frozen=True)
class Reply:
    """An answer: ``outcome`` is "ok", one of our codes, "http 401", or "broken ReadError"."""

    outcome: str
    data: dict[str, Any] = field(default_factory=dict)
    text: str = ""


def anything(data: dict[str, Any]) -> bool:
    """Accept any content."""
    return True


@dataclass(frozen=True)
class Question:
    """A call of a tool, how it may end, and what its result must hold."""

    name: str
    who: str
    tool: str
    arguments: dict[str, Any]
    right: frozenset[str] = frozenset({OK})
    holds: Callable[[dict[str, Any]], bool] = anything
    way: str = "plain"


@dataclass(eq=False)
class Window:
    """A time in which something was done to the deployment, and the answers that it excuses.

    Between ``firm_from`` and ``firm_until`` no question may be answered with a result.
    """

    name: str
    excuses: tuple[str, ...]
    began: float = field(default_factory=time.monotonic)
    ended: float = inf
    firm_from: float = inf
    firm_until: float = inf

    def excuses_it(self, outcome: str, asked: float, answered: float) -> bool:
        """Say whether the answer is explained by this."""
        overlaps = asked <= self.ended and answered >= self.began
        return overlaps and outcome.startswith(self.excuses)

    def forbids(self, outcome: str, asked: float, answered: float) -> bool:
        """Say whether there must not have been a result."""
        return (
            outcome in (OK, NOT_CANCELLED) and asked > self.firm_from and answered < self.firm_until
        )


@dataclass
class Tally:
    """Counts of everything; ``unexplained`` keeps the first texts, ``wrong`` their number."""

    calls: int = 0
    wrong: int = 0
    overloaded: int = 0
    after_end: int = 0
    refused_ended: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    excused: Counter[tuple[str, str]] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)

    def open(self, name: str, *excuses: str) -> Window:
        """Announce that something is being done."""
        window = Window(name, excuses)
        self.windows.append(window)
        return window

    def note(self, question: Question, reply: Reply, asked: float, token: Token) -> None:
        """Judge one answer that has just come."""
        answered = time.monotonic()
        self.calls += 1
        self.counts[question.name, reply.outcome] += 1
        if token.ending < answered and self._is_about_the_token(reply, asked, token.ended):
            return
        if any(one.forbids(reply.outcome, asked, answered) for one in self.windows):
            self._complain(question, reply, "although the server was paused")
        elif reply.outcome == NOT_CANCELLED and token.ended < answered:
            return  # nobody can cancel by a token that has ended meanwhile
        elif reply.outcome in question.right:
            if reply.outcome == OK and not question.holds(reply.data):
                self._complain(question, reply, "with a wrong result")
        elif not self._excused(reply.outcome, asked, answered):
            self._complain(question, reply, "without a reason")

    def _is_about_the_token(self, reply: Reply, asked: float, ended: float) -> bool:
        """Judge an answer to a token that has ended; asked before, either answer is right."""
        if reply.outcome == "http 401":
            self.refused_ended += 1
            return True
        if asked > ended and not reply.outcome.startswith(("broken", "http 5", HUNG_UP)):
            self.after_end += 1
        return False

    def _excused(self, outcome: str, asked: float, answered: float) -> bool:
        for window in self.windows:
            if window.excuses_it(outcome, asked, answered):
                self.excused[window.name, outcome] += 1
                return True
        if outcome in _OVERLOAD:
            self.overloaded += 1
            return True
        return False

    def _complain(self, question: Question, reply: Reply, why: str) -> None:
        self.wrong += 1
        if len(self.unexplained) < _KEPT:
            told = f"{reply.text} {reply.data}"[:400]
            at = time.strftime("%H:%M:%S", time.gmtime())
            self.unexplained.append(
                f"{at} {question.name} ({question.who}): {reply.outcome} {why}: {told}"
            )
