"""One request, one JSON reply: the SDK's own handlers without its transport.

For each stateless request the SDK's transport starts a session, streams and tasks, which cost
three times what the call itself does. Requests that get exactly one message back don't need them.
Whatever needs more (progress, initialize, notifications), and whatever the transport would refuse
for its headers, still goes through the transport.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import anyio
import orjson
from mcp import types
from mcp.server.lowlevel.server import request_ctx
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp.shared.context import RequestContext
from mcp.shared.version import SUPPORTED_PROTOCOL_VERSIONS
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send

from fleetmcp.mcp.call import current
from fleetmcp.mcp.server import AuditedMCP

_METHODS: Mapping[str, type[types.CallToolRequest | types.ListToolsRequest | types.PingRequest]] = {
    "tools/call": types.CallToolRequest,
    "tools/list": types.ListToolsRequest,
    "ping": types.PingRequest,
}
_MEDIA = ("application/json", "text/event-stream")

Asked = types.CallToolRequest | types.ListToolsRequest | types.PingRequest


class Direct:
    """Answers what it takes; ``security`` is the transport's."""

    def __init__(self, server: AuditedMCP, security: TransportSecuritySettings) -> None:
        self._handlers = server._mcp_server.request_handlers
        self._security = TransportSecurityMiddleware(security)

    async def takes(self, body: bytes, request: Request) -> tuple[Asked, str | int] | None:
        """Return the request and its id if one message answers it, else None."""
        # As the transport reads it: orjson has no integers beyond 64 bits.
        message = json.loads(body)
        kind = _METHODS.get(str(message.get("method")))
        if kind is None or not _is_plain(message) or not _has_usual_headers(request):
            return None
        if await self._security.validate_request(request, is_post=True) is not None:
            return None
        try:
            fields = {key: message[key] for key in ("method", "params") if key in message}
            return kind.model_validate(fields), message["id"]
        except ValidationError:
            return None

    async def answer(
        self, asked: Asked, ident: str | int, request: Request, receive: Receive, send: Send
    ) -> None:
        """Answer it, or stop the work when the client hangs up meanwhile."""
        body = None
        # A scope's cancel, not the task's: only that leaves the closing of the row alone.
        with anyio.CancelScope() as scope:
            watch = asyncio.create_task(_hung_up(receive, scope))
            try:
                body = await self._reply(asked, ident, request)
            finally:
                watch.cancel()
        if body is not None:
            reply = Response(body, media_type="application/json")
            await reply(request.scope, receive, send)

    async def _reply(self, asked: Asked, ident: str | int, request: Request) -> bytes:
        meta = asked.params.meta if asked.params else None
        # No session: only progress and questions back to the client would need one.
        session: Any = None
        token = request_ctx.set(RequestContext(ident, meta, session, None, request=request))
        try:
            result = await self._handlers[type(asked)](asked)
        finally:
            request_ctx.reset(token)
        return _framed(ident, result.root)


def _is_plain(message: dict[str, Any]) -> bool:
    """Say whether it is a request that doesn't ask for progress."""
    ident, params = message.get("id"), message.get("params")
    if message.get("jsonrpc") != "2.0" or not isinstance(ident, str | int) or ident is True:
        return False
    if isinstance(ident, int) and not -(2**63) <= ident < 2**63:  # orjson can't write it back
        return False
    meta = params.get("_meta") if isinstance(params, dict) else None
    return not (isinstance(meta, dict) and meta.get("progressToken") is not None)


def _has_usual_headers(request: Request) -> bool:
    """Say whether the transport would take the headers."""
    accepted = request.headers.get("accept", "")
    version = request.headers.get("mcp-protocol-version")
    return all(media in accepted for media in _MEDIA) and (
        version is None or version in SUPPORTED_PROTOCOL_VERSIONS
    )


async def _hung_up(receive: Receive, scope: anyio.CancelScope) -> None:
    """Cancel the scope when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _framed(ident: str | int, result: Any) -> bytes:
    """Return the JSON-RPC reply; rows that were encoded to be counted are not encoded again."""
    call = current.get(None) if isinstance(result, types.CallToolResult) else None
    encoded = call.encoded if call else b""
    left_out = {"structuredContent"} if encoded else None
    dumped = result.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=left_out)
    frame = orjson.dumps({"jsonrpc": "2.0", "id": ident, "result": dumped})
    return frame[:-2] + b',"structuredContent":' + encoded + b"}}" if encoded else frame
