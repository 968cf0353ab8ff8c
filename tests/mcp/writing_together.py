"""What the test of the record's threads runs in a process of its own: prints what happened."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import django


def main() -> None:
    """Let ten writers wait behind a slow one, some of them failing; print how each ended."""
    from django.db import connection, transaction

    from accounts.models import AnalystToken
    from audit.models import QueryLog
    from audit.services import AlreadyClosed, Asked, open_query
    from fleetmcp.mcp import records

    token = AnalystToken.objects.get()
    asked = Asked(token.user_id, "alice", token.pk, "query", "{}")
    go_on = threading.Event()
    after: list[str] = []
    seen: dict[str, Any] = {"tries": 0}

    def blocking() -> bool:
        go_on.wait(20)
        return connection.in_atomic_block

    def opening() -> tuple[int, bool]:
        return open_query(asked), connection.in_atomic_block

    def closed_before() -> None:
        raise AlreadyClosed

    def refused_by_the_database() -> None:
        seen["tries"] += 1
        open_query(asked)
        with transaction.atomic():
            connection.cursor().execute("SELECT * FROM nowhere")

    def told(name: str) -> Callable[[Exception | None], None]:
        return lambda error: after.append(f"{name}: {type(error).__name__}")

    async def everybody(works: list[Callable[[], Any]]) -> list[Any]:
        go_on.clear()
        alone = asyncio.create_task(records.write(blocking))
        await asyncio.sleep(0.2)
        rest = [records.write(work, after=told(work.__name__)) for work in works]
        tasks = [asyncio.create_task(one) for one in rest]
        await asyncio.sleep(0.2)
        go_on.set()
        return [await alone, *await asyncio.gather(*tasks, return_exceptions=True)]

    alone, *rest = asyncio.run(everybody([opening] * 9 + [closed_before]))
    seen["alone"], seen["together"] = alone, [one[1] for one in rest[:9]]
    seen["closed_before"], seen["rows"] = type(rest[9]).__name__, QueryLog.objects.count()
    seen["stored"] = QueryLog.objects.filter(pk__in=[one[0] for one in rest[:9]]).count()
    _, *rest = asyncio.run(everybody([opening, refused_by_the_database, opening]))
    seen["refused"] = [type(one).__name__ for one in rest]
    seen["rows_in_the_end"] = QueryLog.objects.count()
    seen["after"] = sorted(after)
    seen["withdrawn"] = asyncio.run(withdrawn())
    print(json.dumps(seen))


async def withdrawn() -> list[str]:
    """Return what the one who waits too long is told, and what is undone afterwards."""
    from django.db import DatabaseError

    from fleetmcp.mcp import records

    records.PATIENCE_S = 0.3
    undone: list[str] = []
    try:
        await records.write(_late, undo=undone.append)
    except DatabaseError as error:
        await asyncio.sleep(1.5)
        return [str(error), *undone]
    return []


def _late() -> str:
    time.sleep(1)
    return "late"


if __name__ == "__main__":
    django.setup()
    main()
