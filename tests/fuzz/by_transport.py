"""The server as it would be without its short way: every message goes through the SDK."""

from __future__ import annotations

from typing import Any

from fleetmcp.asgi import application
from fleetmcp.mcp.direct import Direct


async def _never(self: Direct, body: bytes, request: Any) -> None:
    """Leave every message to the transport."""


Direct.takes = _never  # type: ignore[method-assign]  # that is what this module is for

__all__ = ["application"]
