"""The composition root: Django, the MCP endpoint beside it, and their common life."""

from __future__ import annotations

import asyncio
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetmcp.settings")

from django.core.asgi import get_asgi_application

from fleetmcp.env import BadSetting

try:
    _django = get_asgi_application()
except BadSetting as error:
    sys.exit(f"fleetmcp: {error}")

# Only now: these import models, which need Django's apps to be ready.
import gc
import logging

from django.core import checks
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from fleetmcp import health, request_id, tracing, upkeep
from fleetmcp.analytics.errors import Code
from fleetmcp.doctor import reach
from fleetmcp.mcp import metrics
from fleetmcp.mcp.endpoint import Endpoint, is_mcp

logger = logging.getLogger(__name__)

MAX_FORM_BYTES = 1024 * 1024
FORM_SECONDS = 30.0
_PROBES = {
    "/healthz": health.healthz,
    "/readyz": health.readyz,
    "/metrics": metrics.endpoint,
}


class Application:
    """Dispatches requests; made once per process, entered once by the server's lifespan."""

    def __init__(self) -> None:
        self._endpoint = Endpoint()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            await _no_websocket(send)
        else:
            await self._answer(scope, receive, request_id.named(request_id.take(scope), send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in _PROBES and scope["method"] in ("GET", "HEAD"):
            await _PROBES[scope["path"]](scope, receive, send)
        elif is_mcp(scope):
            await self._endpoint(scope, receive, send)
        elif _declares_too_much(scope):
            await PlainTextResponse("That is more than a form can hold.", 413)(scope, receive, send)
        else:
            await _django(dict(scope), limited(receive), send)  # type: ignore[arg-type]  # same protocol

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        problem = _misconfigured()
        if problem:
            await send({"type": "lifespan.startup.failed", "message": problem})
            return
        tracing.start()
        async with self._endpoint.running(), upkeep.kept_up():
            reason = await health.analytics_problem()
            if reason:
                why = await _why(reason)
                logger.warning("Starting although questions can't run yet: %s", why)
            # What is loaded by now stays: looking through all of it again and again costs 50 ms.
            gc.collect()
            gc.freeze()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        tracing.stop()
        await send({"type": "lifespan.shutdown.complete"})


async def _why(code: str) -> str:
    """Return the code, and for a database out of reach also the reason and what to do."""
    known = await asyncio.to_thread(reach.problem) if code == Code.UNAVAILABLE else ""
    return f"{code}. {known}" if known else code


def _misconfigured() -> str:
    """Return the errors that Django's system checks find in the settings, or ""."""
    found = checks.run_checks()
    return "\n".join(str(message) for message in found if message.level >= checks.ERROR)


def _declares_too_much(scope: Scope) -> bool:
    """Say whether the request announces a body that no page of ours could want."""
    length = Headers(scope=scope).get("content-length", "")
    return length.isdecimal() and (len(length) > 18 or int(length) > MAX_FORM_BYTES)


def limited(receive: Receive) -> Receive:
    """Return a receive that hangs up on a body that no page of ours could want, or that drips.

    Django would write it to a temporary file, whole, before anything asks who sends it.
    """
    received, whole = 0, False
    until = asyncio.get_running_loop().time() + FORM_SECONDS

    async def receive_some() -> Message:
        nonlocal received, whole
        try:
            # Once the body is there, what is awaited is the client's leaving.
            async with asyncio.timeout_at(None if whole else until):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        whole = not message.get("more_body", False)
        received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if received > MAX_FORM_BYTES else message

    return receive_some


async def _no_websocket(send: Send) -> None:
    await send({"type": "websocket.close", "code": 1000})


application = Application()
