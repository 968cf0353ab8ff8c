"""Seals that are marked as pruned: whether an event says so of each, and whether they come first.

The triggers let go of the rows of a pruned seal, so a mark without an event is a deletion.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from django.db import DatabaseError, models

from audit.models import Event, EventKind, Seal
from audit.verification import Finding

_LARGEST = 2**63 - 1


def pruned_findings(pruned: Sequence[int]) -> Iterator[Finding]:
    """Yield what is wrong with seals of these numbers, which are marked as pruned."""
    told = sorted(_told())
    # What was pruned before may have been told by events that were pruned later themselves.
    earlier = told[0][0] if told else 0
    for number in pruned:
        if number >= earlier and not any(first <= number <= last for first, last in told):
            sentence = f"Seal {number} is marked as pruned, but no event says who pruned it."
            yield Finding("pruned", sentence, "seal", number)
    yield from _out_of_order(pruned)


def _out_of_order(pruned: Sequence[int]) -> Iterator[Finding]:
    """Asked now, not while the seals were read: prune_audit may have come in between."""
    kept = Seal.objects.filter(pruned_at__isnull=True).aggregate(first=models.Min("number"))
    first = kept["first"]
    for number in pruned:
        if first is not None and number > first:
            sentence = (
                f"Seal {number} is marked as pruned, though seal {first} before it is kept: "
                "prune_audit begins with the oldest."
            )
            yield Finding("pruned", sentence, "seal", number)


def _told() -> Iterator[tuple[int, int]]:
    """Yield the first and last seal that each event names; broken ones say nothing."""
    events = Event.objects.filter(kind=EventKind.PRUNED).order_by("pk")
    for ident in events.values_list("pk", flat=True):
        try:
            details = json.loads(Event.objects.values_list("details", flat=True).get(pk=ident))
            first, last = details["first_seal"], details["last_seal"]
        except (DatabaseError, Event.DoesNotExist, ValueError, KeyError, TypeError, RecursionError):
            continue
        if _is_possible(first, last) and _was_there(last, ident):
            yield first, last


def _is_possible(first: object, last: object) -> bool:
    return type(first) is int and type(last) is int and 0 < first <= last <= _LARGEST


def _was_there(seal: int, event: int) -> bool:
    """Say whether the seal was made before the event: by its clock, and by the rows that it holds.

    Without this, one event could speak for every seal to come.
    """
    at = Event.objects.filter(pk=event).values("at")
    before = Seal.objects.filter(number=seal, last_event__lt=event)
    return before.filter(sealed_at__lte=models.Subquery(at)).exists()
