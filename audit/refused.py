"""Writes down the requests that came without a valid token, many to one event."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.models import AnalystToken
from audit.events import SERVER, record_event
from audit.models import EventKind

Counted = tuple[str | None, str, int | None, int]
"""The address if we know it, why, the token's id if we know it, and how many requests."""

_TOKENS = {
    "missing": "without a token",
    "malformed": "with a malformed token",
    "unknown": "with an unknown token",
    "expired": "with an expired token",
    "revoked": "with a revoked token",
    "inactive": "with a token of somebody who may not come in",
}


def record_refused(counted: Iterable[Counted]) -> None:
    """Write one event for each, all or none. Raises django.db.Error."""
    counted = list(counted)
    ids = {token_id for _, _, token_id, _ in counted if token_id is not None}
    tokens = AnalystToken.objects.select_related("user").in_bulk(ids)
    with transaction.atomic():
        for ip, why, token_id, times in counted:
            token = tokens.get(token_id) if token_id is not None else None
            record_event(
                EventKind.TOKENS_REFUSED,
                _summary(ip, why, times),
                actor_name=SERVER,
                subject=token.user if token else None,
                token=token,
                details={"why": why, "times": times},
                ip=ip,
            )


def _summary(ip: str | None, why: str, times: int) -> str:
    what = _TOKENS.get(why, "without a valid token")
    calls = "1 request" if times == 1 else f"{times:,} requests"
    return f"{calls} {what} from {ip or 'various addresses'}"
