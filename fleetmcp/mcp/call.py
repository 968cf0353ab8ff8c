"""The call that is being answered: who asks, and what its audit row will say."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from accounts.authentication import Caller
from audit.services import Answered
from fleetmcp.analytics.connection import Ticket


@dataclass(frozen=True)
class Visitor:
    """What the endpoint knows of one request; it travels in the ASGI scope."""

    caller: Caller
    client: str
    ip: str | None
    request_id: str


@dataclass
class Call:
    """One ``tools/call``, from the opened row to the closed one."""

    visitor: Visitor
    query_id: int
    answered: Answered = field(default_factory=Answered)

    def ticket(self) -> Ticket:
        """Return the engine's handle for this call."""
        return Ticket(self.visitor.caller.username, str(self.query_id))


current: ContextVar[Call] = ContextVar("current_call")

SCOPE_KEY = "fleetmcp.visitor"
