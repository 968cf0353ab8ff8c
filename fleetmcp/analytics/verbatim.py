"""Values as PostgreSQL wrote them: Python's own types can't hold BC dates or infinity."""

from __future__ import annotations

from functools import cache
from typing import Any

from psycopg2 import extensions


def _as_text(value: str | bytes | None, cursor: Any) -> str | bytes | None:
    return value


@cache
def _text_type() -> Any:
    """Made on first use: only then have all libraries registered the types they convert."""
    return extensions.new_type(tuple(extensions.string_types), "TEXT_AS_SENT", _as_text)


def read_as_text(cursor: Any) -> None:
    """Leave every value as PostgreSQL wrote it: Python's types can't hold BC dates or infinity."""
    extensions.register_type(_text_type(), cursor)
