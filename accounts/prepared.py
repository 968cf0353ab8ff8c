"""Questions that Django makes once and that are asked often: to make one costs ten times what it
takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

_KEY = "the key that is put in when the question is asked"


class PreparedQuestion:
    """Finds one row by one text.

    ``make`` takes the text and returns a queryset of values_list(); it is called once for each
    kind of database.
    """

    def __init__(self, make: Callable[[str], QuerySet[Any, tuple[Any, ...]]]) -> None:
        self._make = make
        self._made: dict[str, tuple[str, tuple[Any, ...], dict[int, Any]]] = {}

    def row(self, key: str) -> tuple[Any, ...] | None:
        """Return the values as the queryset would, or None. Raises django.db.Error."""
        made = self._made.get(connection.vendor) or self._prepare()
        sql, values, converters = made
        with connection.cursor() as cursor:
            cursor.execute(sql, [key if value == _KEY else value for value in values])
            found = cursor.fetchall()
        return _converted(found[0], converters) if found else None

    def _prepare(self) -> tuple[str, tuple[Any, ...], dict[int, Any]]:
        compiler = self._make(_KEY)[:1].query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        converters = compiler.get_converters([chosen[0] for chosen in compiler.select])
        made = (sql, tuple(values), converters)
        self._made[connection.vendor] = made
        return made


def _converted(row: tuple[Any, ...], converters: dict[int, Any]) -> tuple[Any, ...]:
    """Return the row with each value as its field keeps it; what Django's compiler does."""
    values = list(row)
    for place, (convert, expression) in converters.items():
        for one in convert:
            values[place] = one(values[place], expression, connection)
    return tuple(values)


def loaded(model: type[M], names: Sequence[str], values: Sequence[Any]) -> M:
    """Return the object with these fields; its others are fetched when they are asked for."""
    found = dict(zip(names, values, strict=True))
    ordered = [field.attname for field in model._meta.concrete_fields if field.attname in found]
    return model.from_db(DEFAULT_DB_ALIAS, ordered, [found[name] for name in ordered])
