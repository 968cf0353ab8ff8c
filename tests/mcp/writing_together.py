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
    writers = Writers()
    seen = sharing(writers) | failing(writers)
    print(json.dumps(seen | {"withdrawn": asyncio.run(withdrawn())}))


class Writers:
    """What is handed to the threads, and what they did with it."""

    def __init__(self) -> None:
        from accounts.models import AnalystToken
        from audit.services import Asked

        token = AnalystToken.objects.get()
        self._asked = Asked(token.user_id, "alice", token.pk, "query", "{}")
        self._go_on = threading.Event()
        self.after: list[str] = []
        self.tries = 0

    def blocking(self) -> bool:
        self._go_on.wait(20)
        return _in_transaction()

    def opening(self) -> tuple[int, bool]:
        from audit.services import open_query

        return open_query(self._asked), _in_transaction()

    def closed_before(self) -> None:
        from audit.services import AlreadyClosed

        raise AlreadyClosed

    def refused_by_the_database(self) -> None:
        from django.db import connection, transaction

        self.tries += 1
        self.opening()
        with transaction.atomic():
            connection.cursor().execute("SELECT * FROM nowhere")

    async def together(self, works: list[Callable[[], Any]]) -> list[Any]:
        """Hand them over while a slow one is at work; its result comes first."""
        from fleetmcp.mcp import records

        self._go_on.clear()
        alone = asyncio.create_task(records.write(self.blocking))
        await asyncio.sleep(0.2)
        rest = [records.write(work, after=self._told(work.__name__)) for work in works]
        tasks = [asyncio.create_task(one) for one in rest]
        await asyncio.sleep(0.2)
        self._go_on.set()
        return [await alone, *await asyncio.gather(*tasks, return_exceptions=True)]

    def _told(self, name: str) -> Callable[[Exception | None], None]:
        return lambda error: self.after.append(f"{name}: {type(error).__name__}")


def sharing(writers: Writers) -> dict[str, Any]:
    """Return what became of nine that open a row, and of one that finds its row closed."""
    from audit.models import QueryLog

    works = [writers.opening] * 9 + [writers.closed_before]
    alone, *opened, late = asyncio.run(writers.together(works))
    return {
        "alone": alone,
        "together": [shared for _, shared in opened],
        "closed_before": type(late).__name__,
        "rows": QueryLog.objects.count(),
        "stored": QueryLog.objects.filter(pk__in=[row for row, _ in opened]).count(),
    }


def failing(writers: Writers) -> dict[str, Any]:
    """Return what became of one that the database refuses, and of its neighbours."""
    from audit.models import QueryLog

    works = [writers.opening, writers.refused_by_the_database, writers.opening]
    _, *ended = asyncio.run(writers.together(works))
    return {
        "refused": [type(one).__name__ for one in ended],
        "tries": writers.tries,
        "rows_in_the_end": QueryLog.objects.count(),
        "after": sorted(writers.after),
    }


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


def _in_transaction() -> bool:
    from django.db import connection

    return connection.in_atomic_block


def _late() -> str:
    time.sleep(1)
    return "late"


if __name__ == "__main__":
    django.setup()
    main()
