"""The door: paths, methods, hosts, who is calling, and bodies that are no call at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error as DatabaseError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from sse_starlette.sse import AppStatus
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from accounts.authentication import MALFORMED, REFUSAL, Refused, examine
from accounts.errors import ScopeMissing
from audit.cancelling import request_cancel_of_call
from audit.models import Outcome
from audit.services import Answered
from fleetmcp import metrics, request_id
from fleetmcp.client_ip import client_ip
from fleetmcp.mcp import challenges, records
from fleetmcp.mcp.bodies import MAX_BODY_BYTES, replayed, whole
from fleetmcp.mcp.call import SCOPE_KEY, Visitor
from fleetmcp.mcp.direct import Direct
from fleetmcp.mcp.messages import Wrong, examined
from fleetmcp.mcp.refusals import Refusal, refusals
from fleetmcp.mcp.rows import Told, asked_of, closed, opened
from fleetmcp.mcp.running import watched
from fleetmcp.mcp.tools import app

NO_TOKENS = "Tokens can't be checked just now: try again."


def is_mcp(scope: Scope) -> bool:
    """Say whether a request is for us: /mcp and /mcp/ always, and whatever is posted to /."""
    path: str = scope["path"]
    return path in ("/mcp", "/mcp/") or (path == "/" and scope["method"] == "POST")


class Endpoint:
    """The MCP endpoint as an ASGI app; ``running`` must surround its life."""

    def __init__(self) -> None:
        # Or each reply under way is cut off at the first sign of a stop. The server's own grace
        # period bounds how long the last questions may take.
        AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]  # the library leaves it so
        self._direct = Direct(app, _security())
        self._manager = StreamableHTTPSessionManager(
            app._mcp_server,
            stateless=True,
            json_response=False,
            security_settings=_security(),
            max_request_body_size=MAX_BODY_BYTES,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the SDK's session manager alive; it can be entered once."""
        async with self._manager.run(), watched():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            await challenges.not_allowed()(scope, receive, send)
            return
        visitor = await _visitor(scope)
        if isinstance(visitor, Response):
            await visitor(scope, receive, send)
            return
        body = await whole(receive)
        if isinstance(body, Response):
            await body(scope, receive, send)
            return
        message, wrong = examined(body)
        if wrong:
            reply = await _malformed(visitor, body, message, wrong)
            await reply(scope, receive, send)
            return
        scope[SCOPE_KEY] = visitor
        request = Request(scope)
        plain = await self._direct.takes(body, request)
        if plain is not None:
            await self._direct.answer(*plain, request, receive, send)
            return
        if message.get("method") == "notifications/cancelled":
            await _cancel(visitor, message)
        await self._manager.handle_request(scope, replayed(body, receive), send)


async def _visitor(scope: Scope) -> Visitor | Response:
    """Return who is calling, or the reply that keeps them out."""
    headers, ip = Headers(scope=scope), client_ip(scope)
    if challenges.is_token_in_query(scope):
        refusals.count(Refusal(ip, MALFORMED))
        return challenges.unauthorized(scope, challenges.NOT_IN_THE_ADDRESS)
    try:
        # Two of them are one that is malformed: nobody may choose which of them counts.
        sent = ", ".join(headers.getlist("authorization")) or None
        caller = await records.look_up(examine, sent, ip)
    except ScopeMissing as missing:
        return challenges.challenged(HTTPStatus.FORBIDDEN, scope, str(missing), missing.code)
    except DatabaseError:
        return challenges.told(
            HTTPStatus.SERVICE_UNAVAILABLE, "Tokens can't be checked just now: try again."
        )
    if isinstance(caller, Refused):
        refusals.count(Refusal(ip, caller.why, caller.token_id))
        return challenges.unauthorized(scope, REFUSAL)
    agent = headers.get("user-agent", "")
    return Visitor(caller, agent, ip, request_id.current.get())


async def _cancel(visitor: Visitor, message: dict[str, Any]) -> None:
    """Stop the caller's own call of that id, whichever process runs it."""
    params = message.get("params")
    rpc_id = params.get("requestId") if isinstance(params, dict) else None
    if isinstance(rpc_id, str | int):
        with suppress(DatabaseError):  # the client doesn't wait for an answer to a notification
            mark = partial(
                request_cancel_of_call,
                token_id=visitor.caller.credential.token_id,
                connection_id=visitor.caller.credential.connection_id,
                rpc_id=str(rpc_id),
                by="client",
            )
            await records.write(mark)


async def _malformed(
    visitor: Visitor, body: bytes, message: dict[str, Any], wrong: Wrong
) -> Response:
    """Record the body as it came and return the JSON-RPC error that says what is wrong."""
    params = message.get("params")
    tool = str(params.get("name", "")) if isinstance(params, dict) else ""
    asked = asked_of(visitor, tool, body.decode("utf-8", "backslashreplace"))
    try:
        call, _ = await opened(visitor, asked)
    except Told as told:
        return challenges.told(HTTPStatus.SERVICE_UNAVAILABLE, str(told))
    call.answered = Answered(Outcome.REFUSED, "malformed")
    await closed(call.query_id, asked, call)
    metrics.count_call("", call.answered)
    error = {"code": wrong.code, "message": wrong.what}
    reply = {"jsonrpc": "2.0", "id": _identifier(message), "error": error}
    return JSONResponse(reply, status_code=HTTPStatus.BAD_REQUEST)


def _identifier(message: dict[str, Any]) -> str | int | None:
    found = message.get("id")
    return found if isinstance(found, str | int) else None


def _security() -> TransportSecuritySettings:
    """Return the hosts and origins that PUBLIC_URL names, and loopback for probes and the demo."""
    host = urlsplit(settings.PUBLIC_URL).netloc
    loopback = ["127.0.0.1", "localhost", "[::1]"]
    hosts = [host, *loopback, *(f"{name}:*" for name in loopback)]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=hosts,
        allowed_origins=[settings.PUBLIC_URL],
    )
