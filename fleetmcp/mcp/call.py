"""The call that is being answered: who asks, within which limits, and what its row will say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings

from accounts.authentication import Caller
from audit import touched as audit
from audit.services import Answered
from fleetmcp.analytics.errors import AnalyticsError
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.touched import Touch


@dataclass(frozen=True)
class Visitor:
    """What the endpoint knows of one request; it travels in the ASGI scope."""

    caller: Caller
    client: str
    ip: str | None
    request_id: str


@dataclass
class Call:
    """One ``tools/call``, from the opened row to the closed one.

    ``rows_left`` is how many rows the caller may still read today; ``encoded`` the structured
    result as JSON, once there is one.
    """

    visitor: Visitor
    query_id: int
    rows_left: int = 0
    answered: Answered = field(default_factory=Answered)
    encoded: bytes = b""

    @cached_property
    def ticket(self) -> Ticket:
        """The engine's handle for this call, one for all its ways to the database."""
        return Ticket(self.visitor.caller.username, str(self.query_id))

    @contextmanager
    def sending(self, touches: Iterable[Touch]) -> Iterator[None]:
        """Note what is read meanwhile; not if the database is never asked.

        It is noted first: a client that hangs up closes the row while the database still works.
        """
        before = self.ticket.sent
        self.answered.touched = tuple(audit.Touch(*touch) for touch in touches)
        try:
            yield
        except AnalyticsError:
            if self.ticket.sent == before:
                self.answered.touched = ()
            raise

    def timed(self, seconds: float) -> None:
        """Note how long the whole call took, and what of it the queue and the database took."""
        self.answered.duration_ms = round(seconds * 1000)
        self.answered.waited_ms = round(self.ticket.waited * 1000)
        self.answered.database_ms = round(self.ticket.in_database * 1000)

    def limits(self, rows: int) -> Limits:
        """Return what the caller's policy lets one question take, at most that many rows."""
        policy = self.visitor.caller.policy
        return Limits(
            rows=max(1, min(rows, self.rows_left)),
            cell=policy.max_cell,
            characters=policy.max_characters,
            statement_ms=policy.statement_timeout_s * 1000,
            queue_ms=settings.MCP_QUEUE_TIMEOUT * 1000,
        )


current: ContextVar[Call] = ContextVar("current_call")

SCOPE_KEY = "fleetmcp.visitor"
