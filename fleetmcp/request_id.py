"""One id for each request, from the proxy's header to the audit row, the log and the reply."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

HEADER = "x-request-id"
_TOLD = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)

current: ContextVar[str] = ContextVar("request_id", default="")


def take(scope: Scope) -> str:
    """Return the id that the request brings along if it is a plain word, else a new one."""
    told = Headers(scope=scope).get(HEADER, "")
    found = told if _TOLD.fullmatch(told) else uuid.uuid4().hex
    current.set(found)
    return found


def named(request_id: str, send: Send) -> Send:
    """Return a send that puts the id into the reply's headers."""

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)[HEADER] = request_id
        await send(message)

    return send_named
