"""The access review: who has what, what they used it for, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from accounts.models import AnalystToken, TokenStatus, User, status_condition
from accounts.services import revoke_token
from audit.events import record_event
from audit.models import Event, EventKind, ObjectKind, QueryLog, TouchedObject

PERIOD = timedelta(days=90)
# The newest say what a person works on, and are found without reading a whole history.
NEWEST = 500
TOP_TABLES = 5


class ReviewRefused(Exception):
    """The review can't be closed as asked; ``str(error)`` says what to do instead."""


@dataclass(frozen=True)
class Holder:
    """A person with working tokens, and what they used them for in the period.

    ``tables`` are the most read ones of their newest queries, with the number of queries.
    """

    person: User
    tokens: Sequence[AnalystToken]
    queries: int
    rows: int
    tables: Sequence[tuple[str, int]]

    @property
    def last_used(self) -> datetime | None:
        """When any of the working tokens was last used."""
        return max((t.last_used_at for t in self.tokens if t.last_used_at), default=None)


@dataclass(frozen=True)
class Decisions:
    """What a lead decided on each token that they were shown."""

    keep: Sequence[AnalystToken]
    revoke: Sequence[AnalystToken]
    reason: str = ""


def working_tokens(lead: User) -> QuerySet[AnalystToken]:
    """Return the tokens that let those in whom the lead handles."""
    active = status_condition(TokenStatus.ACTIVE, timezone.now())
    people = User.objects.handled_by(lead).filter(is_active=True)
    found = AnalystToken.objects.filter(active, user__in=people).select_related("user__policy")
    return found.order_by("user__username", "pk")


def holders_of(lead: User) -> QuerySet[User]:
    """Return those whom the lead handles and who have a working token."""
    owners = working_tokens(lead).order_by().values("user")
    return User.objects.filter(pk__in=owners).select_related("policy").order_by("username")


def holders(lead: User, people: Sequence[User]) -> list[Holder]:
    """Return what these people hold and did; a query for each, and two for all."""
    tokens: dict[int, list[AnalystToken]] = {person.pk: [] for person in people}
    for token in working_tokens(lead).filter(user__in=people):
        tokens[token.user_id].append(token)
    since = timezone.now() - PERIOD
    volumes, first = _volumes(people, since), _first_since(since)
    return [
        Holder(person, tokens[person.pk], *volumes.get(person.pk, (0, 0)), _tables(person, first))
        for person in people
    ]


def conduct_review(*, lead: User, decisions: Decisions) -> Event:
    """Revoke what is not kept and record the review, both or neither. Raises ReviewRefused."""
    if decisions.revoke and not decisions.reason.strip():
        raise ReviewRefused("Give a reason for what you revoke.")
    decided = {token.pk for token in (*decisions.keep, *decisions.revoke)}
    with transaction.atomic():
        found = working_tokens(lead).filter(pk__in=decided)
        if not decided or found.count() != len(decided):
            raise ReviewRefused("The tokens changed meanwhile: look at the list again.")
        for token in decisions.revoke:
            revoke_token(token=token, revoked_by=lead, reason=decisions.reason)
        return _recorded(lead, decisions)


def last_review(lead: User) -> Event | None:
    """Return the last review that the lead conducted, or None."""
    return Event.objects.filter(kind=EventKind.REVIEWED, actor=lead).first()


def _recorded(lead: User, decisions: Decisions) -> Event:
    kept, revoked = _words(decisions.keep), _words(decisions.revoke)
    return record_event(
        EventKind.REVIEWED,
        f"{lead.username} reviewed access: {len(kept)} kept, {len(revoked)} revoked",
        actor=lead,
        details={"kept": kept, "revoked": revoked, "reason": decisions.reason.strip()},
    )


def _words(tokens: Sequence[AnalystToken]) -> list[dict[str, object]]:
    return [
        {"token": t.pk, "prefix": t.prefix, "label": t.label, "owner": t.user.username}
        for t in tokens
    ]


def _volumes(people: Sequence[User], since: datetime) -> dict[int, tuple[int, int]]:
    """Return user id -> queries and rows, from an index alone."""
    asked = QueryLog.objects.filter(user__in=people, started_at__gte=since).order_by()
    added = asked.values("user").annotate(queries=Count("pk"), total=Sum("rows"))
    return {one["user"]: (one["queries"], one["total"] or 0) for one in added}


def _first_since(since: datetime) -> int:
    """Return the id of the first query since then: ids grow with time, and lead to an index."""
    found = QueryLog.objects.filter(started_at__gte=since).order_by("started_at")
    return found.values_list("pk", flat=True).first() or 0


def _tables(person: User, first: int) -> list[tuple[str, int]]:
    newest = QueryLog.objects.filter(user=person, pk__gte=first).order_by("-id")[:NEWEST]
    touched = TouchedObject.objects.filter(
        query__in=newest.values("pk"), object__kind=ObjectKind.TABLE
    )
    names = touched.order_by().values_list("object__schema", "object__name")
    counted = names.annotate(queries=Count("query")).order_by("-queries", "object__name")
    return [(f"{schema}.{name}", queries) for schema, name, queries in counted[:TOP_TABLES]]
