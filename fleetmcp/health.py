"""/healthz says that the process lives; /readyz that it can answer questions."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from accounts.models import AnalystToken
from fleetmcp import __version__
from fleetmcp.analytics.errors import AnalyticsError
from fleetmcp.analytics.lanes import lanes
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.role import require_safe_role
from fleetmcp.analytics.snapshot import current_policy
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.client_ip import is_loopback
from fleetmcp.mcp import records

# Anybody may ask whether we are ready; the role is looked at no more often than this.
READY_SECONDS = 10.0


async def healthz(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200 as long as the process lives, whatever its databases do."""
    body: dict[str, Any] = {"ok": True, "server": settings.MCP_SERVER_NAME, "version": __version__}
    if is_loopback(scope):
        try:
            body["tokens"] = await asyncio.wait_for(records.look_up(_usable_tokens), 1)
        except (DatabaseError, TimeoutError):
            body["tokens"] = None
    await JSONResponse(body)(scope, receive, send)


async def readyz(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200 when both databases answer and the role is safe, 503 with the reason otherwise."""
    problems = {"app_database": await _app_problem(), "analytics": await analytics_problem()}
    ready = not any(problems.values())
    body = {"ok": ready, **{name: problem or "ok" for name, problem in problems.items()}}
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    await JSONResponse(body, status_code=status)(scope, receive, send)


async def analytics_problem() -> str:
    """Return the code of what keeps questions from running, or ""."""
    ticket = Ticket("fleetmcp", "readiness")

    def job(limits: Any) -> None:
        require_safe_role(ticket, newer_than=READY_SECONDS)
        current_policy(ticket)

    try:
        await lanes().errand(job, ticket, limits_for(1))
    except AnalyticsError as error:
        return error.code.value
    return ""


async def _app_problem() -> str:
    try:
        await asyncio.wait_for(records.look_up(_usable_tokens), 5)
    except (DatabaseError, TimeoutError):
        return "app_database_unavailable"
    return ""


def _usable_tokens() -> int:
    return AnalystToken.objects.usable(timezone.now()).count()
