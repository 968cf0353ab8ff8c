"""The part of a person's day that can't change any more, added up once.

Else each call would add up the whole day before it. A row that started long enough ago is closed,
or was abandoned and never gets rows: so the sum up to that moment is kept, by each process for
itself, and moves on once a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

_STEP = timedelta(seconds=60)
_SUM = """
SELECT coalesce(sum("rows"), 0) FROM audit_querylog
WHERE user_id = %s AND started_at >= %s AND started_at < %s
"""


@dataclass(frozen=True)
class _Settled:
    midnight: datetime
    until: datetime
    rows: int


_kept: dict[int, _Settled] = {}


def settled_rows(user_id: int, midnight: datetime, until: datetime) -> tuple[int, datetime]:
    """Return the person's rows since midnight, and up to when: at most to ``until``.

    Raises django.db.Error.
    """
    kept = _kept.get(user_id)
    if kept is None or kept.midnight != midnight or kept.until > max(until, midnight):
        kept = _Settled(midnight, midnight, 0)
    if until - kept.until >= _STEP:
        kept = _Settled(midnight, until, kept.rows + _between(user_id, kept.until, until))
        _kept[user_id] = kept
    return kept.rows, kept.until


def forget_settled() -> None:
    """Add everything up again."""
    _kept.clear()


def stored(moment: datetime) -> Any:
    """Return the moment as this database compares it."""
    return connection.ops.adapt_datetimefield_value(moment)


def _between(user_id: int, since: datetime, until: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_SUM, [user_id, stored(since), stored(until)])
        return int(cursor.fetchall()[0][0])
