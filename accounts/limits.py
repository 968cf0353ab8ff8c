"""How much a person may take, as plain values that hold now, on this server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class PolicyLimits:
    """The limits of one person, the server's own already applied.

    ``schemas`` names each readable schema: empty means that nothing may be read.
    """

    name: str
    schemas: tuple[str, ...]
    max_rows: int
    max_characters: int
    max_cell: int
    statement_timeout_s: int
    concurrent_queries: int
    queries_per_minute: int
    rows_per_day: int
    may_export: bool


# For a caller whom nobody gave a policy.
NOTHING = PolicyLimits("nothing", (), 0, 0, 0, 0, 0, 0, 0, False)


def schema_names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))


def resolved(row: Mapping[str, Any]) -> PolicyLimits:
    """Return the limits of a policy's row: of the row and the server's settings the smaller."""
    return PolicyLimits(
        name=row["name"],
        schemas=_readable(schema_names(row["schemas"])),
        max_rows=min(row["max_rows"], settings.MCP_MAX_ROWS),
        max_characters=min(row["max_characters"], settings.MCP_MAX_CHARACTERS),
        max_cell=min(row["max_cell"], settings.MCP_MAX_CELL),
        statement_timeout_s=min(row["statement_timeout_s"], settings.MCP_STATEMENT_TIMEOUT),
        concurrent_queries=row["concurrent_queries"],
        queries_per_minute=row["queries_per_minute"],
        rows_per_day=row["rows_per_day"],
        may_export=bool(row["may_export"]),
    )


def _readable(named: tuple[str, ...]) -> tuple[str, ...]:
    """A policy that names none leaves all; one whose schemas the server has lost leaves none."""
    return tuple(name for name in settings.ANALYTICS_SCHEMAS if not named or name in named)
