"""The MCP server whose every tool call is on record: the row is opened before any work."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, cast

import anyio
import orjson
from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, Tool
from mcp_server.djangomcp import DjangoMCP
from pydantic import ValidationError

from audit.models import Outcome
from fleetmcp import metrics, tracing
from fleetmcp.analytics.errors import AnalyticsError, QueryCancelled, QueryRefused, QueryTimedOut
from fleetmcp.mcp.call import SCOPE_KEY, Call, Visitor, current
from fleetmcp.mcp.rows import Told, asked_of, closed, opened
from fleetmcp.mcp.slim import slim

logger = logging.getLogger(__name__)

VERSION_HEADER = "mcp-protocol-version"
FIRST_STRUCTURED_VERSION = "2025-06-18"

if TYPE_CHECKING:
    from starlette.requests import Request

    _Registry = FastMCP[Any]  # what DjangoMCP is; the library has no types
else:
    _Registry = DjangoMCP


class AuditedMCP(_Registry):
    """DjangoMCP's registry; ``call_tool`` is the chokepoint through which every call goes."""

    def refuse_unknown_arguments(self) -> None:
        """Make every tool say so when it is given an argument that it doesn't have."""
        for tool in self._tool_manager.list_tools():
            model = tool.fn_metadata.arg_model
            model.model_config["extra"] = "forbid"
            model.model_rebuild(force=True)

    async def list_tools(self) -> list[Tool]:
        """Return the tools as short as they can be said."""
        return [slim(tool) for tool in await super().list_tools()]

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        """Open the row, run the tool, close the row. Raises Told with a text for the client."""
        request = cast("Request", self.get_context().request_context.request)
        with tracing.call(metrics.known(name), request.headers):
            return await self._recorded(name, arguments, request)

    async def _recorded(self, name: str, arguments: dict[str, Any], request: Request) -> Any:
        context = self.get_context()
        visitor: Visitor = request.scope[SCOPE_KEY]
        asked = asked_of(visitor, name, arguments, str(context.request_context.request_id))
        started = time.perf_counter()
        # Shielded: whoever hangs up meanwhile must find an open row that can be closed.
        with anyio.CancelScope(shield=True):
            call, over = await opened(visitor, asked)
        current.set(call)
        try:
            if over:
                raise over
            result = await self._tool_manager.call_tool(name, arguments, context=context)
            return _reply(result, call, request.headers.get(VERSION_HEADER, ""))
        except BaseException as error:
            raise _told(
                error, call, [tool.name for tool in self._tool_manager.list_tools()]
            ) from None
        finally:
            call.timed(time.perf_counter() - started)
            with anyio.CancelScope(shield=True):
                await closed(call.query_id, asked, call)
            metrics.count_call(name, call.answered)
            tracing.ended(call.query_id, call.answered)


def _reply(result: dict[str, Any], call: Call, version: str) -> CallToolResult:
    """Return the tool's result for the client; sent as it is, our types being its schema.

    A client of a protocol that knows structured content gets the data once, not twice.
    """
    encoded = orjson.dumps(result)
    call.answered.bytes, call.encoded = len(encoded), encoded
    known = version >= FIRST_STRUCTURED_VERSION
    text = "The result is in structuredContent." if known else encoded.decode()
    return CallToolResult(content=[TextContent(type="text", text=text)], structuredContent=result)


def _told(error: BaseException, call: Call, tools: list[str]) -> BaseException:
    """Note in the call how it failed and return the error for the client."""
    cause = error.__cause__ if isinstance(error, ToolError) and error.__cause__ else error
    answered = call.answered
    answered.outcome = _outcome(cause)
    if isinstance(cause, AnalyticsError):
        answered.reason, answered.sqlstate = cause.code.value, cause.sqlstate
        return Told(str(cause))
    if isinstance(cause, ValidationError):
        answered.outcome, answered.reason = Outcome.REFUSED, "bad_arguments"
        return Told(f"[bad_arguments] {_arguments_told(cause)}")
    if isinstance(cause, ToolError):
        answered.outcome, answered.reason = Outcome.REFUSED, "unknown_tool"
        return Told(f"[unknown_tool] There is no such tool here. Tools: {', '.join(tools)}.")
    if not isinstance(cause, Exception):
        answered.reason = "client"
        return error
    answered.reason = "internal_error"
    logger.error("Query %d failed inside", call.query_id, exc_info=cause)
    return Told(f"[internal_error] The server failed; its operator finds it as {call.query_id}.")


def _outcome(error: BaseException) -> Outcome:
    match error:
        case QueryRefused():
            return Outcome.REFUSED
        case QueryTimedOut():
            return Outcome.TIMED_OUT
        case QueryCancelled():
            return Outcome.CANCELLED
        case Exception():
            return Outcome.FAILED
    return Outcome.CANCELLED


def _arguments_told(error: ValidationError) -> str:
    """Return what is wrong with the arguments, without pydantic's links and without the values."""
    found = [
        f"{'.'.join(map(str, item['loc'])) or 'arguments'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return "; ".join(found) + "."
