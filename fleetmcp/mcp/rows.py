"""The row of a call: what it says, how it is opened before any work, and closed after it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from functools import lru_cache, partial
from typing import Any

from django.db import Error as DatabaseError

from accounts.limits import PolicyLimits
from audit.services import AlreadyClosed, Asked, end_query, print_line
from fleetmcp.analytics.errors import QueryRefused
from fleetmcp.mcp import records
from fleetmcp.mcp.admission import admitted
from fleetmcp.mcp.call import Call, Visitor

logger = logging.getLogger(__name__)

# Tools without SQL of the analyst's: an argument of that name would be a claim of what ran.
NO_SQL = frozenset(
    "list_schemas list_tables describe_table list_functions sample_table search_catalog".split()
)
CLOSE_TRIES = 30

NOT_RECORDED = (
    "[not_recorded] The audit record of this call could not be written, so it was not run. "
    "Try again in a minute; if it stays like this, tell the operator of this server."
)


class Told(Exception):
    """An error whose text is meant for the client."""


def asked_of(visitor: Visitor, tool: str, arguments: Any, rpc_id: str = "") -> Asked:
    """Return what the row says of a call; the arguments are its object, or the body as text."""
    sql = arguments.get("sql", "") if isinstance(arguments, dict) and tool not in NO_SQL else ""
    return Asked(
        user_id=visitor.caller.user_id,
        username=visitor.caller.username,
        token_id=visitor.caller.credential.token_id,
        connection_id=visitor.caller.credential.connection_id,
        tool=tool,
        arguments=_json(arguments),
        sql=sql if isinstance(sql, str) else "",
        client=visitor.client,
        ip=visitor.ip,
        request_id=visitor.request_id,
        rpc_id=rpc_id,
        limits=_limits(visitor.caller.policy),
    )


async def opened(visitor: Visitor, asked: Asked) -> tuple[Call, QueryRefused | None]:
    """Return the call with its new row, and the limit that it is over.

    Raises Told: what isn't on record doesn't run.
    """
    try:
        return await admitted(visitor, asked)
    except DatabaseError as error:
        logger.error("An audit row can't be opened: %s", type(error).__name__)
        raise Told(NOT_RECORDED) from None


async def closed(query_id: int, asked: Asked, call: Call) -> None:
    """Close the row; a busy database is asked again for a minute, behind the client's back."""
    if not await _closed(query_id, asked, call):
        task = asyncio.create_task(_close_later(query_id, asked, call))
        _closing.add(task)
        task.add_done_callback(_closing.discard)


_closing: set[asyncio.Task[None]] = set()


async def _close_later(query_id: int, asked: Asked, call: Call) -> None:
    for _ in range(CLOSE_TRIES):
        await asyncio.sleep(2)
        if await _closed(query_id, asked, call):
            return
    logger.error("Audit row %d stays open: the app database refused for a minute", query_id)


async def _closed(query_id: int, asked: Asked, call: Call) -> bool:
    try:
        printed = partial(print_line, query_id, asked, call.answered)
        await records.write(end_query, query_id, call.answered, after=printed)
    except AlreadyClosed:
        logger.error("Audit row %d was closed before", query_id)
    except DatabaseError as error:
        logger.error("Audit row %d can't be closed: %s", query_id, type(error).__name__)
        return False
    return True


@lru_cache(64)
def _limits(policy: PolicyLimits) -> str:
    return _json(asdict(policy))


def _json(value: Any) -> str:
    # The standard library's: it read the arguments, and has no bound for integers.
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
