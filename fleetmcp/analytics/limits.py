"""How much one question may take."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Limits:
    """Bounds of one question: rows, characters of a cell and of all, times in milliseconds."""

    rows: int
    cell: int
    characters: int
    statement_ms: int
    queue_ms: int


def limits_for(rows: int) -> Limits:
    """Return the server's limits with the number of rows clamped to 1…MCP_MAX_ROWS."""
    return Limits(
        rows=max(1, min(rows, settings.MCP_MAX_ROWS)),
        cell=settings.MCP_MAX_CELL,
        characters=settings.MCP_MAX_CHARACTERS,
        statement_ms=settings.MCP_STATEMENT_TIMEOUT * 1000,
        queue_ms=settings.MCP_QUEUE_TIMEOUT * 1000,
    )
