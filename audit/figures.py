"""The state of the record in a few numbers, each by an index."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone

from accounts.models import AnalystToken, Pause
from audit.models import Event, Outcome, QueryLog, Seal


@dataclass(frozen=True)
class Figures:
    """Counts, and ages in seconds; ``seal_age_s`` is -1 before the first seal."""

    open_rows: int
    oldest_open_s: float
    unsealed: int
    seal_age_s: float
    tokens: int
    paused: bool


def figures() -> Figures:
    """Return the figures of this moment. Raises django.db.Error."""
    now = timezone.now()
    open_rows = QueryLog.objects.filter(outcome=Outcome.RUNNING).order_by("id")
    oldest = open_rows.values_list("started_at", flat=True).first()
    seal = Seal.objects.order_by("-number").first()
    return Figures(
        open_rows=open_rows.count(),
        oldest_open_s=(now - oldest).total_seconds() if oldest else 0.0,
        unsealed=_beyond(seal),
        seal_age_s=(now - seal.sealed_at).total_seconds() if seal else -1.0,
        tokens=AnalystToken.objects.usable(now).count(),
        paused=Pause.objects.filter(is_on=True).exists(),
    )


def _beyond(seal: Seal | None) -> int:
    """Ids behind the last seal: to count the rows themselves would cost more the more there are."""
    query = QueryLog.objects.order_by().aggregate(last=Max("pk"))["last"] or 0
    event = Event.objects.order_by().aggregate(last=Max("pk"))["last"] or 0
    if seal is None:
        return int(query + event)
    return max(0, query - seal.last_query) + max(0, event - seal.last_event)
