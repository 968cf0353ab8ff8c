"""The deny-list: the verbs that write it, and what the engine asks of it."""

from __future__ import annotations

import threading
import time

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import DenyRefused
from accounts.models import DeniedColumn, User
from accounts.signals import column_allowed, column_denied

FRESH_SECONDS = 30.0

Column = tuple[str, str, str]

_lock = threading.Lock()
_kept: tuple[float, tuple[Column, ...]] | None = None


def deny_column(
    *, schema: str, table: str, column: str, reason: str, by: User | None = None
) -> DeniedColumn:
    """Put the column on the list and return it. Raises DenyRefused.

    It is closed once the DBA has run what ``manage.py role_sql`` prints; until then the server
    refuses to serve, because the role can still read it.
    """
    denied = DeniedColumn(schema=schema, table=table, column=column, reason=reason, created_by=by)
    save_denied(denied=denied)
    return denied


def save_denied(*, denied: DeniedColumn) -> None:
    """Store a new entry as it stands. Raises DenyRefused."""
    try:
        denied.full_clean()
    except ValidationError as error:
        said = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise DenyRefused(" ".join(said)) from None
    with transaction.atomic():
        denied.save(force_insert=True)
        column_denied.send(sender=DeniedColumn, column=denied, by=denied.created_by)
    forget_denied_columns()


def allow_column(*, denied: DeniedColumn, by: User | None = None) -> bool:
    """Take the column off the list; return False if it was gone before.

    It opens once the DBA has run what ``manage.py role_sql`` prints then.
    """
    with transaction.atomic():
        gone, _ = DeniedColumn.objects.filter(pk=denied.pk).delete()
        if gone:
            column_allowed.send(sender=DeniedColumn, column=denied, by=by)
    forget_denied_columns()
    return bool(gone)


def denied_columns() -> tuple[Column, ...]:
    """Return (schema, table, column) of each entry, in order."""
    rows = DeniedColumn.objects.order_by("schema", "table", "column")
    return tuple(rows.values_list("schema", "table", "column"))


def recent_denied_columns() -> tuple[Column, ...]:
    """Return the list as it was at most FRESH_SECONDS ago; then it costs no query."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > FRESH_SECONDS:
            _kept = (time.monotonic(), denied_columns())
        return _kept[1]


def kept_denied_columns() -> tuple[Column, ...] | None:
    """Return the list if it is at most FRESH_SECONDS old; never waits."""
    kept = _kept
    return kept[1] if kept and time.monotonic() - kept[0] <= FRESH_SECONDS else None


def forget_denied_columns() -> None:
    """Make this process read the list again."""
    global _kept
    _kept = None
