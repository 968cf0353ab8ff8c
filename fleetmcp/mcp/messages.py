"""Bodies that are no call: no JSON, no message, or a ``tools/call`` that no tool would see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from mcp.types import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, CallToolRequest, JSONRPCRequest
from pydantic import ValidationError

MAX_DEPTH = 64

Message = dict[str, Any]


@dataclass(frozen=True)
class Wrong:
    """Why a body is refused: JSON-RPC's code, and a sentence for whoever wrote it."""

    code: int
    what: str


def examined(body: bytes) -> tuple[Message, Wrong | None]:
    """Return the message, empty when there is none, and what is wrong with it, if anything."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return {}, Wrong(PARSE_ERROR, f"This is not JSON: {error.msg}.")
    if not isinstance(message, dict):
        return {}, Wrong(INVALID_REQUEST, "Send one JSON-RPC message, as an object.")
    if _too_deep(message):
        what = f"The message is nested deeper than {MAX_DEPTH} levels."
        return message, Wrong(INVALID_REQUEST, what)
    if message.get("method") == "tools/call" and (what := _wrong_with_call(message)):
        return message, Wrong(INVALID_PARAMS, what)
    return message, None


def _too_deep(message: Message) -> bool:
    level: list[Any] = [message]
    for _ in range(MAX_DEPTH):
        inner = [part for part in level if isinstance(part, dict | list)]
        level = [
            part for item in inner for part in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def _wrong_with_call(message: Message) -> str:
    """Return what is wrong with a ``tools/call`` before any tool sees it, or ""."""
    if "result" in message or "error" in message:
        return "A message is a call or a reply, not both."
    params = message.get("params")
    if not isinstance(params, dict) or not isinstance(params.get("name"), str):
        return "tools/call needs params with the name of a tool."
    if not isinstance(params.get("arguments") or {}, dict):
        return "The arguments of tools/call must be an object."
    try:
        JSONRPCRequest.model_validate(message)
    except ValidationError:
        return 'tools/call needs "jsonrpc": "2.0" and an id that is a string or an integer.'
    try:
        CallToolRequest.model_validate({"method": "tools/call", "params": params})
    except ValidationError:
        return "tools/call takes params of name, arguments and _meta only, as MCP defines them."
    return ""
