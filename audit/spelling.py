"""What SQLite would let anybody write differently: it keeps any type in any column.

A moment in another zone is the same moment, and digests to the same leaf, but no filter by days
finds it. So each value has to stand as the server writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.db import DatabaseError, connection, models

from audit.canonical import EVENT, QUERY
from audit.models import CatalogObject, Event, QueryLog, Seal, TouchedObject
from audit.verification import Finding, of_row

NAMED = 10
# The bytes are no text, the text is no moment, or what stands there is neither.
UNREADABLE = (DatabaseError, ValueError, TypeError, AttributeError)
_DIGIT = "[0-9]"
_SECOND = "-".join(_DIGIT * n for n in (4, 2, 2)) + " " + ":".join([_DIGIT * 2] * 3)
_TYPES: dict[type[models.Field], str] = {  # type: ignore[type-arg]  # generic in the stubs only
    models.BigIntegerField: "integer",
    models.BinaryField: "blob",
    models.BooleanField: "integer",
    models.ForeignKey: "integer",
    models.IntegerField: "integer",
}
_SAY = "holds a value that is not as the server writes it: it was changed"


def misspelt_rows() -> Iterator[Finding]:
    """Yield the first rows of each table, but for the seals, with such a value."""
    for model, letter, row in (
        (QueryLog, QUERY, "id"),
        (TouchedObject, QUERY, "query_id"),
        (Event, EVENT, "id"),
    ):
        for ident in _misspelt(model, row):
            yield of_row("misspelt", letter, ident, _SAY)
    for ident in _misspelt(CatalogObject, "id"):
        yield Finding("misspelt", f"Object {ident} {_SAY}.", "object", ident)


def misspelt_seals() -> Iterator[Finding]:
    """Yield the same of the seals: without these nothing can be followed."""
    for ident in _misspelt(Seal, "id") or _unreadable_seals():
        yield Finding("misspelt", f"The seal with the id {ident} {_SAY}.", "seal", ident)


def damaged_indexes() -> Iterator[Finding]:
    """Yield what SQLite finds wrong: where an index misses a row, so do lists."""
    if connection.vendor != "sqlite":
        return
    for model in (QueryLog, TouchedObject, Event, Seal):
        for said in _integrity(model._meta.db_table):
            if said != "ok":
                sentence = f"The database's file is damaged, or somebody wrote in it: {said!a}."
                yield Finding("damaged", sentence)


def _integrity(table: str) -> list[str]:
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"PRAGMA integrity_check('{table}')")
            return [said for (said,) in cursor.fetchall()[:NAMED]]
        except DatabaseError as error:  # so damaged that it can't be looked through
            return [str(error)]


def _unreadable_seals() -> list[int]:
    """Return the first of those that are of the right types and shapes, and still say nothing."""
    if connection.vendor != "sqlite":
        return []
    idents = Seal.objects.order_by("pk").values_list("pk", flat=True)
    return list(islice((ident for ident in list(idents) if not _is_readable(ident)), NAMED))


def _is_readable(ident: int) -> bool:
    try:
        Seal.objects.defer("leaves").get(pk=ident)
    except UNREADABLE:
        return False
    return True


def _misspelt(model: type[models.Model], row: str) -> list[int]:
    if connection.vendor != "sqlite":
        return []
    wrong = " OR ".join(_wrong(field) for field in model._meta.concrete_fields)
    # What is no number names no row, and is 0 here; the query that lost it is a finding anyway.
    which = f"SELECT DISTINCT CAST({row} AS integer) FROM {model._meta.db_table}"  # noqa: S608  # our names
    with connection.cursor() as cursor:
        cursor.execute(f"{which} WHERE {wrong} LIMIT {NAMED}")
        return [found[0] for found in cursor.fetchall()]


def _wrong(field: models.Field) -> str:  # type: ignore[type-arg]  # generic in the stubs only
    """Return the condition that the value is of another type, or is no moment of ours."""
    column = connection.ops.quote_name(str(field.column))
    found = next((name for kind, name in _TYPES.items() if isinstance(field, kind)), "text")
    right = f"typeof({column}) = '{found}'"
    if isinstance(field, models.DateTimeField):
        pieces = f"{column} GLOB '{_SECOND}' OR {column} GLOB '{_SECOND}.{_DIGIT * 6}'"
        right += f" AND ({pieces})"
    return f"NOT ({right})" + (f" AND {column} IS NOT NULL" if field.null else "")
