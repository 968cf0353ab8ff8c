"""One call over HTTP, by a client that reads what the server really sends."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import httpx

from scripts.soaking.tally import HUNG_UP, NOT_CANCELLED, OK, Question, Reply

PROTOCOL = "2025-06-18"
TIMEOUT = 90.0
_numbers = itertools.count(1)


def headers(secret: str) -> dict[str, str]:
    """Return the headers of a client that knows structured content."""
    return {
        "Authorization": f"Bearer {secret}",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": PROTOCOL,
        "User-Agent": "soak",
    }


class Caller:
    """One client with its connections."""

    def __init__(self, url: str, rng: random.Random) -> None:
        self._url = f"{url}/mcp"
        self._rng = rng
        self._http = httpx.AsyncClient(timeout=TIMEOUT)

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    async def ask(self, question: Question, secret: str) -> Reply:
        """Ask in the question's own way."""
        match question.way:
            case "hang up":
                return await self._hung_up(question, secret)
            case "cancel":
                return await self._cancelled(question, secret)
            case "progress":
                return await self._with_progress(question, secret)
            case "malformed":
                return await self._post(b'{"jsonrpc": "2.0", "id": 1, "method": ', secret)
        return await self._post(_body(question, next(_numbers)), secret)

    async def _post(self, body: bytes, secret: str) -> Reply:
        try:
            response = await self._http.post(self._url, content=body, headers=headers(secret))
        except httpx.TransportError as error:
            return Reply(f"broken {type(error).__name__}", text=str(error))
        return parsed(response)

    async def _hung_up(self, question: Question, secret: str) -> Reply:
        """Leave in the middle, whenever that is."""
        try:
            async with asyncio.timeout(self._rng.uniform(0.02, 1.2)):
                return await self._post(_body(question, next(_numbers)), secret)
        except TimeoutError:
            return Reply(HUNG_UP)

    async def _cancelled(self, question: Question, secret: str) -> Reply:
        """Cancel as MCP says; again and again, because nobody knows when the call has begun."""
        number = f"soak-{next(_numbers)}"
        params = {"requestId": number, "reason": "soak"}
        notice = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
        asking = asyncio.create_task(self._post(_body(question, number), secret))
        while not asking.done():
            await asyncio.wait({asking}, timeout=self._rng.uniform(0.2, 1.5))
            if not asking.done():
                await self._post(json.dumps(notice).encode(), secret)
        reply = asking.result()
        return replace(reply, outcome=NOT_CANCELLED) if reply.outcome == OK else reply

    async def _with_progress(self, question: Question, secret: str) -> Reply:
        return await self._post(_body(question, next(_numbers), progress=True), secret)


def _body(question: Question, number: int | str, *, progress: bool = False) -> bytes:
    params: dict[str, Any] = {"name": question.tool, "arguments": question.arguments}
    if progress:
        params["_meta"] = {"progressToken": f"p{number}"}
    call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
    return json.dumps(call).encode()


def parsed(response: httpx.Response) -> Reply:
    """Return what the response says; a stream's progress is counted in ``data``."""
    if response.status_code != HTTPStatus.OK:
        return Reply(f"http {response.status_code}", text=response.text[:300])
    try:
        return _answer(_messages(response))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        return Reply(f"unreadable {type(error).__name__}", text=response.text[:300])


def _messages(response: httpx.Response) -> list[dict[str, Any]]:
    if not response.headers["content-type"].startswith("text/event-stream"):
        return [response.json()]
    lines = response.text.splitlines()
    sent = (line.removeprefix("data:").strip() for line in lines if line.startswith("data:"))
    return [json.loads(text) for text in sent if text]


def _answer(messages: list[dict[str, Any]]) -> Reply:
    """The last message is the answer; an empty stream has none."""
    *before, last = messages
    if "error" in last:
        return Reply(f"rpc {last['error']['code']}", text=str(last["error"]["message"]))
    return answer(last["result"] | {"progress": len(before)})


def answer(result: dict[str, Any]) -> Reply:
    """Return the reply in a tool's result."""
    text = str(result["content"][0]["text"])
    if result.get("isError"):
        code = re.match(r"\[(\w+)", text)
        return Reply(code[1] if code else "error without a code", text=text)
    data = dict(result["structuredContent"])
    return Reply(OK, data | {"progress": result.get("progress", 0)})
