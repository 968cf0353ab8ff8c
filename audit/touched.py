"""What queries read: written when a row is closed, and asked for by the name of an object."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from audit.models import CatalogObject, ObjectKind, QueryLog, TouchedObject
from audit.statements import insert_touched
from audit.storable import storable

_NAME = 63
_BATCH = 250

Identity = tuple[str, str, str, str]
"""Kind, schema, name and column."""


@dataclass(frozen=True, slots=True)
class Touch:
    """An object that a query read; ``direct`` is False when it was read through another one.

    ``kind`` is one of ObjectKind; ``column`` is "" but for columns.
    """

    kind: str
    schema: str
    name: str
    column: str = ""
    direct: bool = True


# Ids never change, for objects are never deleted; a restart forgets them.
_ids: dict[Identity, int] = {}


def record_touched(query_id: int, touches: Collection[Touch], ids: dict[Identity, int]) -> None:
    """Write what an open query touched, by the ids of ``object_ids``. Raises django.db.Error."""
    directness = _directness(touches)
    insert_touched(query_id, ((ids[identity], direct) for identity, direct in directness.items()))


def object_ids(touches: Collection[Touch]) -> dict[Identity, int]:
    """Return the id of each object, made if need be. Safe beside others who make the same.

    Raises django.db.Error. Call it before the transaction that closes the row: there it would
    hold up others.
    """
    wanted = _directness(touches)
    missing = sorted(identity for identity in wanted if identity not in _ids)
    found = {identity: _ids[identity] for identity in wanted if identity in _ids}
    for start in range(0, len(missing), _BATCH):
        found |= _made(missing[start : start + _BATCH])
    transaction.on_commit(lambda: _ids.update(found))
    return found


def forget_objects() -> None:
    """Ask the database for every id again: it may have been restored from an older copy."""
    _ids.clear()


def who_read(schema: str, name: str, column: str = "") -> QuerySet[QueryLog]:
    """Return the queries that read the object, newest first; ``direct`` says whether by its name.

    A table counts as read when any of its columns was, or it alone. Each query stands here once.
    """
    objects = list(_objects(schema, name, column).values_list("pk", flat=True))
    if len(objects) == 1:
        # By one object the index has the order already.
        rows = QueryLog.objects.filter(touched__object_id=objects[0])
        return rows.order_by("-touched__query_id").annotate(direct=F("touched__direct"))
    touched = TouchedObject.objects.filter(object_id__in=objects)
    directly = touched.filter(query=OuterRef("pk"), direct=True)
    rows = QueryLog.objects.filter(pk__in=touched.values("query")).order_by("-pk")
    return rows.annotate(direct=Exists(directly))


def was_ever_read(schema: str, name: str, column: str = "") -> bool:
    """Say whether any query ever read an object of that name."""
    return _objects(schema, name, column).exists()


def near_names(schema: str, name: str, column: str = "") -> list[str]:
    """Return the names of read objects that look like this one."""
    known = CatalogObject.objects.filter(column__gt="") if column else CatalogObject.objects.all()
    if not column:
        known = known.filter(column="")
    close = known.filter(schema=schema, name=name) if column else known.filter(schema=schema)
    names = [str(one) for one in (close if close.exists() else known)[:20_000]]
    return get_close_matches(".".join(filter(None, (schema, name, column))), names, 3, 0.5)


def _objects(schema: str, name: str, column: str) -> QuerySet[CatalogObject]:
    return CatalogObject.objects.filter(schema=schema, name=name, column=column).order_by()


def _directness(touches: Iterable[Touch]) -> dict[Identity, bool]:
    """Return each object once, direct if it was read so at all; a column's table with it."""
    found: dict[Identity, bool] = {}
    for touch in touches:
        schema, name = storable(touch.schema)[:_NAME], storable(touch.name)[:_NAME]
        column = storable(touch.column)[:_NAME]
        identity = (touch.kind, schema, name, column)
        found[identity] = found.get(identity, False) or touch.direct
        if column:
            table = (ObjectKind.TABLE.value, schema, name, "")
            found[table] = found.get(table, False) or touch.direct
    return found


def _made(missing: list[Identity]) -> dict[Identity, int]:
    """Return the ids of objects that we don't know yet: of those that are there, or made now."""
    found = _looked_up(missing)
    new = [identity for identity in missing if identity not in found]
    if new:
        CatalogObject.objects.bulk_create(
            [CatalogObject(kind=k, schema=s, name=n, column=c) for k, s, n, c in new],
            ignore_conflicts=True,
        )
        found |= _looked_up(new)
    return found


def _looked_up(wanted: Collection[Identity]) -> dict[Identity, int]:
    rows = CatalogObject.objects.filter(
        schema__in={identity[1] for identity in wanted},
        name__in={identity[2] for identity in wanted},
        column__in={identity[3] for identity in wanted},
    ).order_by()
    ids = {
        (kind, schema, name, column): pk
        for kind, schema, name, column, pk in rows.values_list(
            "kind", "schema", "name", "column", "pk"
        ).iterator()
    }
    return {identity: ids[identity] for identity in wanted if identity in ids}
