"""A client of the official library, as desktop programs are: sessions, initialize, tools."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamable_http_client

from scripts.soaking.calling import TIMEOUT, answer
from scripts.soaking.people import Token
from scripts.soaking.tally import Question, Reply

if TYPE_CHECKING:
    from scripts.soaking.load import Load

_CALLS = 25
_SESSION = Question("official session", "", "", {})
# It tells of each broken connection, which we count ourselves.
logging.getLogger("mcp").setLevel(logging.CRITICAL)


async def official_client(load: Load, rng: random.Random) -> None:
    """Open one session after the other, and ask in each."""
    while not load.is_over:
        who = rng.choice(("alice", "bob", "carol"))
        token, began = load.keys.valid(who), time.monotonic()
        try:
            async with asyncio.timeout(4 * TIMEOUT):
                await _session(load, rng, token)
        except (httpx.HTTPError, McpError, TimeoutError, OSError, BaseExceptionGroup) as error:
            load.tally.note(_SESSION, _broken(error), began, token)
            await asyncio.sleep(0.2)


async def _session(load: Load, rng: random.Random, token: Token) -> None:
    headers = {"Authorization": f"Bearer {token.secret}"}
    async with (
        httpx.AsyncClient(headers=headers, timeout=TIMEOUT) as client,
        streamable_http_client(f"{load.deployment.url}/mcp", http_client=client) as (
            reads,
            writes,
            *_,
        ),
        ClientSession(reads, writes, read_timeout_seconds=timedelta(seconds=20)) as session,
    ):
        await session.initialize()
        for _ in range(_CALLS):
            if load.is_over:
                return
            question, asked = _plain_question(load, rng, token.who), time.monotonic()
            reply = await _called(session, question)
            load.tally.note(question, reply, asked, token)
            if reply.outcome.startswith("broken"):
                return


async def _called(session: ClientSession, question: Question) -> Reply:
    told: list[float] = []

    async def count(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    wanted = count if question.way == "progress" else None
    try:
        result = await session.call_tool(
            question.tool, question.arguments, progress_callback=wanted
        )
    except McpError as error:
        return Reply(f"broken {type(error).__name__}", text=str(error))
    return answer(result.model_dump(by_alias=True) | {"progress": len(told)})


def _plain_question(load: Load, rng: random.Random, who: str) -> Question:
    """Draw until it is one that this library can ask with this person's token."""
    while True:
        question = load.question(rng)
        if question.way in ("plain", "progress") and question.who in ("alice", "bob", "carol"):
            return question


def _broken(error: BaseException) -> Reply:
    """Return what lies at the bottom of the library's groups of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, httpx.HTTPStatusError):
        return Reply(f"http {error.response.status_code}", text=str(error))
    return Reply(f"broken {type(error).__name__}", text=str(error))
