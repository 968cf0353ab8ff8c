"""All that is known of a text before it runs: the guard's word, its fingerprint, what it reads."""

from __future__ import annotations

from dataclasses import dataclass

from fleetmcp.analytics import guard
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.guard.parse import fingerprint
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.touched import Facts, Touch, touched

# Refused before the parser took the whole text, or because it is too much for whoever walks it.
_UNPARSED = frozenset({Code.NOT_TEXT, Code.TOO_LONG, Code.TOO_COMPLEX, Code.SYNTAX, Code.EMPTY})


@dataclass(frozen=True)
class Judged:
    """The statement that may run, or why it is refused; the fingerprint is "" for no SQL."""

    fingerprint: str
    statement: guard.Statement | None = None
    touched: tuple[Touch, ...] = ()
    refused: QueryRefused | None = None

    def accepted(self) -> guard.Statement:
        """Return the statement. Raises QueryRefused."""
        if self.statement is None:
            raise self.refused or QueryRefused("Nothing was judged.", code=Code.EMPTY)
        return self.statement


def judge(sql: object, policy: Policy, facts: Facts) -> Judged:
    """Judge the text. Call it on ``guard.parse.guard_executor()``."""
    try:
        statement = guard.check(sql, policy)
    except QueryRefused as refused:
        parsed = isinstance(sql, str) and refused.code not in _UNPARSED
        return Judged(fingerprint(str(sql)) if parsed else "", refused=refused)
    reads = touched(statement.tree, facts, policy.search_path)
    return Judged(fingerprint(statement.source), statement, reads)
