"""Says who read a table or a column: ``manage.py who_read tracksolid.drivers.phone``."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.models import QueryLog
from audit.touched import near_names, was_ever_read, who_read


class Command(BaseCommand):
    help = "Say who read a table, view, column or function, newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the object, and which and how many queries to show."""
        parser.add_argument("object", help="schema.table, schema.table.column or schema.function")
        parser.add_argument("--since", type=_day, help="only since this day, as 2026-01-31 (UTC)")
        parser.add_argument("--limit", type=_count, default=100, help="how many (default: 100)")
        parser.add_argument("--json", action="store_true", help="a JSON array, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the queries. Raises CommandError when the name is none."""
        parts = options["object"].split(".")
        if len(parts) not in (2, 3) or not all(parts):
            raise CommandError("Name it as schema.table, schema.table.column or schema.function.")
        rows = who_read(*parts)
        if options["since"]:
            rows = rows.filter(started_at__gte=options["since"])
        found = [_told(row) for row in rows[: options["limit"]]]
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        elif found:
            self.stdout.write("\n".join(map(_line, found)))
        else:
            self.stdout.write(_nobody(parts, options["object"]))


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _told(row: QueryLog) -> dict[str, Any]:
    return {
        "query": row.pk,
        "started_at": f"{row.started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "person": row.username,
        "tool": row.tool,
        "outcome": row.outcome,
        "direct": bool(getattr(row, "direct", True)),
    }


def _line(told: dict[str, Any]) -> str:
    how = "directly" if told["direct"] else "through a view or function"
    outcome = "" if told["outcome"] == "ok" else f" ({told['outcome']})"
    return (
        f"{told['started_at']}  {told['person']}  query {told['query']}  {told['tool']}{outcome}  "
        f"{how}"
    )


def _nobody(parts: list[str], name: str) -> str:
    if was_ever_read(*parts):
        return f"Nobody read {name} in that time."
    near = near_names(*parts)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"Nobody ever read {name}: no query on record touched anything of that name.{hint}"
