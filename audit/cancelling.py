"""Verbs that end queries from outside: cancelling those that run, closing those a crash left."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from audit.events import record_event
from audit.models import EventKind, Outcome, QueryLog
from audit.services import line, running
from audit.storable import storable
from audit.usage import abandoned_after

ABANDONED = "abandoned"
_CLOCKS_DIFFER = timedelta(hours=1)


def request_cancel(*, query_id: int, by: str, actor: User | None = None) -> bool:
    """Mark a running query for the process that runs it; return False if it isn't running.

    Who asked first stays on the row, and is recorded as an event; ``actor`` is their account.
    """
    rows = QueryLog.objects.filter(pk=query_id)
    with transaction.atomic():
        marked = _mark(rows, by)
        if marked:
            query = rows.select_related("user", "token", "connection").get()
            record_event(
                EventKind.QUERY_CANCELLED,
                f"{by} cancelled query {query_id} of {query.username}",
                actor=actor,
                actor_name=by,
                subject=query.user,
                token=query.token,
                connection=query.connection,
                details={"query": query_id},
            )
    return marked or running(rows).exists()


def request_cancel_of_call(
    *, token_id: int | None = None, connection_id: int | None = None, rpc_id: str, by: str
) -> bool:
    """Mark what the credential's client runs under that JSON-RPC id; return False if nothing is.

    Clients that share a token may use the same id at the same time: then each is marked.
    """
    rpc_id = storable(rpc_id)[:64]
    credential = {"token_id": token_id, "connection_id": connection_id}
    owned = {name: ident for name, ident in credential.items() if ident is not None}
    rows = QueryLog.objects.filter(**owned, rpc_id=rpc_id)
    return bool(rpc_id and owned) and (_mark(rows, by) or running(rows).exists())


def cancel_requested(query_ids: Collection[int]) -> dict[int, str]:
    """Return query id -> who wants it cancelled, of these queries. One query for all of them."""
    if not query_ids:
        return {}
    marked = QueryLog.objects.filter(pk__in=query_ids, cancel_requested_at__isnull=False)
    return dict(marked.order_by().values_list("pk", "cancel_requested_by"))


def close_abandoned() -> int:
    """Close the rows that a crash left open, long after their queries ended; return how many.

    So are those of the future, which nobody opened by calling: nothing behind them could be sealed.
    """
    now = timezone.now()
    old, ahead = Q(started_at__lt=now - abandoned_after()), Q(started_at__gt=now + _CLOCKS_DIFFER)
    left = running(QueryLog.objects.filter(old | ahead))
    closed = 0
    for query_id in left.values_list("pk", flat=True):
        ended = running(QueryLog.objects.filter(pk=query_id)).update(
            outcome=Outcome.FAILED, reason=ABANDONED
        )
        if ended:
            line.info("query=%d outcome=failed reason=%s", query_id, ABANDONED)
        closed += ended
    return closed


def _mark(rows: QuerySet[QueryLog], by: str) -> bool:
    unmarked = running(rows).filter(cancel_requested_at__isnull=True)
    return bool(
        unmarked.update(cancel_requested_at=timezone.now(), cancel_requested_by=storable(by)[:150])
    )
