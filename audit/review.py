"""The access review: who has what, what they used it for, and what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import AnalystToken, Connection, TokenStatus, User, status_condition
from accounts.oauth.connections import revoke_connection
from accounts.services import revoke_token
from audit.events import record_event
from audit.models import Event, EventKind, ObjectKind, QueryLog, TouchedObject

PERIOD = timedelta(days=90)
# The newest say what a person works on, and are found without reading a whole history.
NEWEST = 500
TOP_TABLES = 5
CHANGED = "The tokens changed meanwhile: look at the list again."
_LONGEST_ID = 19


class ReviewRefused(Exception):
    """The review can't be closed as asked; ``str(error)`` says what to do instead."""


Held = AnalystToken | Connection
"""What lets somebody in: a token, or a connection that they agreed to."""


@dataclass(frozen=True)
class Holder:
    """A person with working tokens or connections, and what they used them for in the period.

    ``tables`` are the most read ones of their newest queries, with the number of queries.
    """

    person: User
    held: Sequence[Held]
    queries: int
    rows: int
    tables: Sequence[tuple[str, int]]

    @property
    def last_used(self) -> datetime | None:
        """When any of them was last used."""
        return max((one.last_used_at for one in self.held if one.last_used_at), default=None)


@dataclass(frozen=True)
class Decisions:
    """What a lead decided on each token and connection that they were shown."""

    keep: Sequence[Held]
    revoke: Sequence[Held]
    reason: str = ""


def working_tokens(lead: User) -> QuerySet[AnalystToken]:
    """Return the tokens that let those in whom the lead handles."""
    active = status_condition(TokenStatus.ACTIVE, timezone.now())
    people = User.objects.handled_by(lead).filter(is_active=True)
    found = AnalystToken.objects.filter(active, user__in=people).select_related("user__policy")
    return found.order_by("user__username", "pk")


def working_connections(lead: User) -> QuerySet[Connection]:
    """Return the connections that let those in whom the lead handles."""
    active = status_condition(TokenStatus.ACTIVE, timezone.now())
    people = User.objects.handled_by(lead).filter(is_active=True)
    on = Q(application__isnull=False, application__disabled_at__isnull=True)
    found = Connection.objects.filter(active, on, user__in=people).select_related("user__policy")
    return found.order_by("user__username", "pk")


def key_of(one: Held) -> str:
    """Return what a form calls it."""
    return f"{'token' if isinstance(one, AnalystToken) else 'connection'}_{one.pk}"


def holders_of(lead: User) -> QuerySet[User]:
    """Return those whom the lead handles and whom anything lets in."""
    tokens = working_tokens(lead).order_by().values("user")
    connections = working_connections(lead).order_by().values("user")
    owners = User.objects.filter(Q(pk__in=tokens) | Q(pk__in=connections))
    return owners.select_related("policy").order_by("username")


def holders(lead: User, people: Sequence[User]) -> list[Holder]:
    """Return what these people hold and did; a query for each, and three for all."""
    held: dict[int, list[Held]] = {person.pk: [] for person in people}
    for found in (working_tokens(lead), working_connections(lead)):
        for one in found.filter(user__in=people):
            held[one.user_id].append(one)
    since = timezone.now() - PERIOD
    volumes, first = _volumes(people, since), _first_since(since)
    return [
        Holder(person, held[person.pk], *volumes.get(person.pk, (0, 0)), _tables(person, first))
        for person in people
    ]


def conduct_review(*, lead: User, decisions: Decisions) -> Event:
    """Revoke what is not kept and record the review, both or neither. Raises ReviewRefused."""
    if decisions.revoke and not decisions.reason.strip():
        raise ReviewRefused("Give a reason for what you revoke.")
    decided = {key_of(one) for one in (*decisions.keep, *decisions.revoke)}
    with transaction.atomic():
        if not decided or {key_of(one) for one in still_working(lead, decided)} != decided:
            raise ReviewRefused(CHANGED)
        for one in decisions.revoke:
            _revoke(one, lead, decisions.reason)
        return _recorded(lead, decisions)


def still_working(lead: User, keys: Iterable[str]) -> list[Held]:
    """Return those that the keys name, as far as they let in somebody whom the lead handles."""
    words = [key.partition("_") for key in keys]
    ids: dict[str, list[int]] = {"token": [], "connection": []}
    for kind, _, number in words:
        if kind in ids and number.isascii() and number.isdigit() and len(number) < _LONGEST_ID:
            ids[kind].append(int(number))
    return [
        *working_tokens(lead).filter(pk__in=ids["token"]),
        *working_connections(lead).filter(pk__in=ids["connection"]),
    ]


def _revoke(one: Held, lead: User, reason: str) -> None:
    if isinstance(one, AnalystToken):
        revoke_token(token=one, revoked_by=lead, reason=reason)
    else:
        revoke_connection(connection=one, revoked_by=lead, reason=reason)


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


def _words(held: Sequence[Held]) -> list[dict[str, object]]:
    return [
        {"token": one.pk, "prefix": one.prefix, "label": one.label, "owner": one.user.username}
        if isinstance(one, AnalystToken)
        else {"connection": one.pk, "label": one.client_name, "owner": one.user.username}
        for one in held
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
