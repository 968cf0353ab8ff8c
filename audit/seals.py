"""The verb that seals: it takes what is finished, segment by segment, into the chain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils import timezone

from audit.cancelling import close_abandoned
from audit.canonical import digest_of, entry, pack, seal_digest, seal_record
from audit.models import Event, Outcome, QueryLog, Seal
from audit.segments import records
from audit.verification import GENESIS

line = logging.getLogger("fleetmcp.audit")
logger = logging.getLogger(__name__)

SEGMENT = 1_000
# Shorter than PostgreSQL's deadlock_timeout: calls that queue up behind our lock wait no longer.
_LOCK_MS = 500
_TOO_OFTEN = 5


@dataclass(frozen=True)
class Head:
    """The newest seal: who keeps it elsewhere can prove later what the record was."""

    number: int
    digest: str


@dataclass(frozen=True)
class _Ends:
    """The last query and event that may be sealed."""

    query: int
    event: int


@dataclass
class _Patience:
    """Counts how often this process gave up in a row, and says so each time that it is too often.

    A transaction that wrote a row and was left open keeps everybody from sealing.
    """

    times: int = 0

    def told(self, *, gave_up: bool) -> None:
        """Count once more, or begin anew."""
        self.times = self.times + 1 if gave_up else 0
        if self.times and self.times % _TOO_OFTEN == 0:
            logger.warning(
                "Nothing could be sealed %d times in a row: somebody keeps a lock on the record. "
                "Look in pg_stat_activity for a transaction that was left open.",
                self.times,
            )


_patience = _Patience()


def head() -> Head | None:
    """Return the newest seal's number and digest, or None before the first seal."""
    newest = Seal.objects.order_by("-number").values_list("number", "digest").first()
    return Head(*newest) if newest else None


def seal_audit(*, at_most: int | None = None) -> int:
    """Seal everything that is finished, or so many segments of it; return how many seals it took.

    It stops before the first query that still runs. Another process that seals at the same time
    makes us stop quietly, and so does a PostgreSQL that is too busy to be looked at for a moment;
    if that goes on, the log says so.
    """
    close_abandoned()
    ends = _ends()
    _patience.told(gave_up=ends is None)
    made = 0
    while ends is not None and made != at_most and _seal_next(ends):
        made += 1
    return made


def _ends() -> _Ends | None:
    """Return how far everything is finished, or None if PostgreSQL is too busy to tell."""
    try:
        with _settled():
            newest = QueryLog.objects.aggregate(last=models.Max("pk"))["last"] or 0
            running = QueryLog.objects.filter(outcome=Outcome.RUNNING).order_by("pk")
            first = running.values_list("pk", flat=True).first()
            event = Event.objects.aggregate(last=models.Max("pk"))["last"] or 0
    except OperationalError:
        return None
    return _Ends(newest if first is None else first - 1, event)


@contextmanager
def _settled() -> Iterator[None]:
    """Look at a moment in which no id below the highest can still appear.

    PostgreSQL hands out ids before the commit: a lower id may be committed after a higher one, and
    would never be sealed. SHARE waits for those who write just now, and keeps new ones out for the
    moment in which we look. SQLite has one writer at a time.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
                cursor.execute("LOCK TABLE audit_querylog, audit_event IN SHARE MODE")
        yield


def _seal_next(ends: _Ends) -> bool:
    """Seal the next segment; return False if there is nothing to seal, or somebody else does."""
    before = Seal.objects.order_by("-number").defer("leaves").first()
    seal = _segment(before, ends)
    if seal is None:
        return False
    try:
        with transaction.atomic():
            seal.save(force_insert=True)
    except IntegrityError:  # the number is unique, so of two who seal one is the first
        return False
    line.info(
        "seal=%d digest=%s previous=%s queries=%d-%d events=%d-%d",
        *(seal.number, seal.digest, seal.previous),
        *(seal.first_query, seal.last_query, seal.first_event, seal.last_event),
        extra={"fields": {"seal": seal.number, "digest": seal.digest, "previous": seal.previous}},
    )
    return True


def _segment(before: Seal | None, ends: _Ends) -> Seal | None:
    """Return the seal over what follows, not yet saved, or None if nothing follows."""
    queries, last_query = _next(QueryLog, before.last_query if before else 0, ends.query, SEGMENT)
    room = SEGMENT - queries
    events, last_event = _next(Event, before.last_event if before else 0, ends.event, room)
    if not queries and not events:
        return None
    seal = Seal(
        number=before.number + 1 if before else 1,
        sealed_at=timezone.now(),
        first_query=before.last_query + 1 if before else 1,
        last_query=last_query,
        first_event=before.last_event + 1 if before else 1,
        last_event=last_event,
        queries=queries,
        events=events,
        previous=before.digest if before else GENESIS,
    )
    return _digested(seal)


def _next(model: type[models.Model], after: int, until: int, most: int) -> tuple[int, int]:
    """Return how many rows come next, at most so many, and the id of the last of them."""
    rows = model._default_manager.filter(pk__gt=after, pk__lte=until).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:most])
    return len(ids), ids[-1] if ids else after


def _digested(seal: Seal) -> Seal:
    queries = (seal.first_query, seal.last_query)
    found = records(queries, (seal.first_event, seal.last_event))
    seal.leaves = pack(map(entry, found))
    seal.content = digest_of(seal.leaves)
    seal.digest = seal_digest(seal_record(vars(seal)))
    return seal
