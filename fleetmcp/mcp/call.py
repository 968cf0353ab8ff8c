"""The call that is being answered: who asks, within which limits, and what its row will say."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from django.conf import settings

from accounts.authentication import Caller
from audit.services import Answered
from fleetmcp.analytics.connection import Ticket
from fleetmcp.analytics.limits import Limits


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

    ``rows_left`` is how many rows the caller may still read today.
    """

    visitor: Visitor
    query_id: int
    rows_left: int = 0
    answered: Answered = field(default_factory=Answered)

    def ticket(self) -> Ticket:
        """Return the engine's handle for this call."""
        return Ticket(self.visitor.caller.username, str(self.query_id))

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
