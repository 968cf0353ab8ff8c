"""Tables, columns and functions by name, as far as a viewer may know that they were read."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import SEE_EVERYONE, User
from audit.models import CatalogObject, FirstTouch, QueryLog, TouchedObject

MOST = 500
# First readings are counted by the day, and for tables and functions: the newest complete them.
_NEWEST = 1_000


def sees_everyone(viewer: User) -> bool:
    """Say whether the viewer may see the queries of all people."""
    return viewer.is_superuser or viewer.has_perm(SEE_EVERYONE)


def objects_named(text: str) -> tuple[int, ...]:
    """Return the ids of the objects of that full name: a table, a function, or a column."""
    table = Concat("schema", Value("."), "name")
    named = CatalogObject.objects.alias(
        table=table, whole=Concat(table, Value("."), F("column"))
    ).filter(Q(table=text, column="") | Q(whole=text) & ~Q(column=""))
    return tuple(named.order_by("pk").values_list("pk", flat=True))


def is_told_unknown(text: str, objects: tuple[int, ...], viewer: User) -> bool:
    """Say whether the viewer is told that nobody read it.

    A lead is not, where that would tell them what other teams did read.
    """
    return not objects and (sees_everyone(viewer) or "." not in text)


def objects_offered(viewer: User) -> QuerySet[CatalogObject]:
    """Return objects that people whom the viewer may see have read, by name, MOST at most."""
    if sees_everyone(viewer):
        return CatalogObject.objects.all()[:MOST]
    people = list(User.objects.visible_to(viewer).values_list("pk", flat=True))
    queries = QueryLog.objects.filter(user__in=people).order_by("-pk")
    newest = list(queries.values_list("pk", flat=True)[:_NEWEST])
    first = FirstTouch.objects.filter(user__in=people).values("object")
    read = TouchedObject.objects.filter(query__in=newest).values("object")
    return CatalogObject.objects.filter(Q(pk__in=first) | Q(pk__in=read))[:MOST]
