"""The body of a request: whole, in time, and not larger than any question is."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Message, Receive

from fleetmcp.mcp.challenges import told

MAX_BODY_BYTES = 512 * 1024
BODY_SECONDS = 30


async def whole(receive: Receive) -> bytes | Response:
    """Return the whole body, or the reply to one that is too large, too slow or never complete."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            more = True
            while more:
                message = await receive()
                body.extend(message.get("body", b""))
                if message["type"] != "http.request" or len(body) > MAX_BODY_BYTES:
                    return _too_large()
                more = message.get("more_body", False)
    except TimeoutError:
        return told(HTTPStatus.REQUEST_TIMEOUT, f"Send the body within {BODY_SECONDS} seconds.")
    return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body first and then whatever else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _too_large() -> Response:
    return told(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The request has more than {MAX_BODY_BYTES:,} bytes: shorten the SQL.",
    )
