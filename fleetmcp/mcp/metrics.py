"""/metrics, for this host itself or for who holds METRICS_TOKEN; and what it samples."""

from __future__ import annotations

from secrets import compare_digest

from django.conf import settings
from django.db import Error as DatabaseError
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from audit.figures import Figures, figures
from fleetmcp import metrics
from fleetmcp.analytics.lanes import lanes
from fleetmcp.client_ip import is_loopback
from fleetmcp.mcp import records


async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with all figures; to everybody else as if there was no such page."""
    reply = await _reply() if _may_read(scope) else PlainTextResponse("Not found", 404)
    await reply(scope, receive, send)


def sample() -> None:
    """Take the state of this process's connections; call it on the event loop."""
    state = lanes().state()
    for name, (busy, size) in state.lanes.items():
        metrics.BUSY.labels(name).set(busy)
        metrics.SIZE.labels(name).set(size)
    metrics.QUEUE.set(state.waiting)


def _may_read(scope: Scope) -> bool:
    presented = Headers(scope=scope).get("authorization", "")
    token = settings.METRICS_TOKEN
    if token and compare_digest(presented.encode(), f"Bearer {token}".encode()):
        return True
    return is_loopback(scope) and not presented


async def _reply() -> Response:
    sample()
    try:
        asked = _gauges(await records.look_up(figures))
    except DatabaseError:
        asked = {}
    asked["app_database_up"] = ("1 when the app database answered.", float(bool(asked)))
    body = metrics.exposition(asked, shared=settings.METRICS_SHARED)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


def _gauges(found: Figures) -> dict[str, tuple[str, float]]:
    return {
        "audit_open_rows": ("Audit rows that are open.", found.open_rows),
        "audit_oldest_open_seconds": ("Age of the oldest open row.", found.oldest_open_s),
        "audit_unsealed_rows": ("Rows and events behind the last seal.", found.unsealed),
        "audit_seal_age_seconds": ("Since the last seal; -1 before the first.", found.seal_age_s),
        "tokens_usable": ("Tokens that open the door.", found.tokens),
        "paused": ("1 while the server is paused.", float(found.paused)),
    }
