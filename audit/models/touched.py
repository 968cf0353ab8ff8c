"""What queries read: each schema, table, column and function once, and which query read it."""

from __future__ import annotations

from django.db import models

from audit.models.queries import QueryLog


class ObjectKind(models.TextChoices):
    """What can be read or called."""

    TABLE = "table", "table or view"
    COLUMN = "column"
    FUNCTION = "function"


class CatalogObject(models.Model):
    """A table, column or function of the analytics database that some query named.

    ``column`` is empty but for columns. A schema has no row: it is in each of its objects.
    """

    kind = models.CharField(max_length=8, choices=ObjectKind.choices)
    schema = models.CharField(max_length=63)
    name = models.CharField(max_length=63)
    column = models.CharField(max_length=63, blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ["schema", "name", "column"]
        constraints = [
            models.UniqueConstraint(
                fields=["schema", "name", "column", "kind"], name="catalogobject_once"
            )
        ]

    def __str__(self) -> str:
        return ".".join(filter(None, (self.schema, self.name, self.column)))


class TouchedObject(models.Model):
    """A query read this object, itself or (``direct`` is False) through a view."""

    query = models.ForeignKey(QueryLog, models.PROTECT, related_name="touched", db_index=False)
    object = models.ForeignKey(
        CatalogObject, models.PROTECT, related_name="touches", db_index=False
    )
    direct = models.BooleanField(default=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["object", "-query"], name="touched_newest_first")]
        constraints = [
            models.UniqueConstraint(fields=["query", "object"], name="touchedobject_once")
        ]

    def __str__(self) -> str:
        return f"query {self.query_id} read {self.object}"
