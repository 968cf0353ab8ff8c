"""Move people, tokens and the record from an SQLite file to the configured PostgreSQL, whole.

One transaction on the new side: either everything is there and the chain verifies, or nothing is.
Each row keeps its id, so that the seals stay right.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from audit.models import Event, Outcome, QueryLog
from audit.triggers import drop_triggers, install_triggers
from audit.verifying import Verification

SOURCE = "moving_from"
BATCH = 2_000

Tell = Callable[[str, int, int], None]
"""Called with a table's name, the rows copied so far, and all of them."""


class CannotMove(Exception):
    """Nothing was moved; the text says why and what to do."""


@dataclass(frozen=True)
class Moved:
    """What was moved: rows by table, and how many rows the seals prove."""

    rows: dict[str, int]
    verified: int


def move(file: Path, tell: Tell) -> Moved:
    """Copy everything from the SQLite file into the default database. Raises CannotMove."""
    _require_postgresql()
    with _opened(file):
        _require_same_migrations()
        _require_settled()
        with transaction.atomic():
            _require_empty()
            return _moved(tell)


def _moved(tell: Tell) -> Moved:
    drop_triggers(using=DEFAULT_DB_ALIAS)
    copied = [model for model in apps.get_models(include_auto_created=True) if _is_ours(model)]
    for model in reversed(copied):
        # What migrate made by itself: groups and the default policy come over with their own ids.
        model._base_manager.all()._raw_delete(DEFAULT_DB_ALIAS)
    renumbered = {Permission: _permissions(), ContentType: _content_types()}
    rows = {model._meta.db_table: _copy(model, renumbered, tell) for model in copied}
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        for statement in connections[DEFAULT_DB_ALIAS].ops.sequence_reset_sql(no_style(), copied):
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    install_triggers(using=DEFAULT_DB_ALIAS)
    return Moved(rows, _verified())


def _is_ours(model: type[models.Model]) -> bool:
    """Say whether the table holds what people did; sessions, caches and Django's lists don't."""
    made_by_migrate = model in (Permission, ContentType)
    return model._meta.managed and not made_by_migrate and model._meta.app_label != "sessions"


def _copy(model: type[models.Model], renumbered: dict[Any, dict[Any, Any]], tell: Tell) -> int:
    names = [field.attname for field in model._meta.concrete_fields]
    foreign = {
        index: renumbered[field.related_model]
        for index, field in enumerate(model._meta.concrete_fields)
        if field.related_model in renumbered
    }
    source = model._base_manager.using(SOURCE).order_by("pk")
    total, done = source.count(), 0
    batch: list[models.Model] = []
    for values in source.values_list(*names).iterator(BATCH):
        mapped = [foreign[i].get(v) if i in foreign else v for i, v in enumerate(values)]
        batch.append(model(**dict(zip(names, mapped, strict=True))))
        if len(batch) == BATCH:
            done += _insert(model, batch)
            tell(model._meta.db_table, done, total)
    done += _insert(model, batch)
    if done != total:
        raise CannotMove(f"{model._meta.db_table}: {done} of {total} rows arrived.")
    return total


def _insert(model: type[models.Model], batch: list[models.Model]) -> int:
    """Insert the rows as they are: bulk_create would set auto_now_add fields to now."""
    done = len(batch)
    if batch:
        fields = model._meta.concrete_fields
        rows = model._base_manager.all()
        rows._insert(batch, fields=fields, using=DEFAULT_DB_ALIAS, raw=True)  # type: ignore[attr-defined]  # no public way is raw
    batch.clear()
    return done


def _content_types() -> dict[int, int]:
    key = ("app_label", "model")
    there = {row[1:]: row[0] for row in ContentType.objects.values_list("pk", *key)}
    rows = ContentType.objects.using(SOURCE).values_list("pk", *key)
    return {row[0]: there[row[1:]] for row in rows if row[1:] in there}


def _permissions() -> dict[int, int]:
    key = ("codename", "content_type__app_label", "content_type__model")
    there = {row[1:]: row[0] for row in Permission.objects.order_by().values_list("pk", *key)}
    rows = Permission.objects.using(SOURCE).order_by().values_list("pk", *key)
    return {row[0]: there[row[1:]] for row in rows if row[1:] in there}


def _verified() -> int:
    run = Verification()
    first = next(iter(run.findings()), None)
    if first is not None:
        raise CannotMove(
            f"The record does not verify: {first.sentence} Run verify_audit against the SQLite "
            "file and find out why before you move it."
        )
    return run.rows


@contextmanager
def _opened(file: Path) -> Iterator[None]:
    """Open the file as an alias that only reads, and keep every writer out of it meanwhile."""
    try:
        lock = sqlite3.connect(f"file:{file}?mode=rw", uri=True, timeout=5, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
    except sqlite3.Error:
        raise CannotMove(
            "The SQLite file can't be opened, or somebody writes to it: stop the server first."
        ) from None
    settings = connections.settings[DEFAULT_DB_ALIAS]
    connections.settings[SOURCE] = {
        **settings,
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"file:{file}?mode=ro",
        "OPTIONS": {"uri": True},
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
    }
    try:
        yield
    finally:
        connections[SOURCE].close()
        del connections.settings[SOURCE]
        lock.close()


def _require_postgresql() -> None:
    if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        raise CannotMove("Set APP_DATABASE_URL to the PostgreSQL database that takes everything.")


def _require_same_migrations() -> None:
    source, target = (
        set(MigrationRecorder(connections[alias]).applied_migrations())
        for alias in (SOURCE, DEFAULT_DB_ALIAS)
    )
    if not source or source != target:
        raise CannotMove(
            "The two databases have different tables: run manage.py migrate against both first "
            "(with APP_DB_FILE for the file, with APP_DATABASE_URL for PostgreSQL)."
        )


def _require_settled() -> None:
    if QueryLog.objects.using(SOURCE).filter(outcome=Outcome.RUNNING).exists():
        raise CannotMove(
            "Rows of the record are still open: stop the server, and if it crashed, start and "
            "stop it once, so that it closes them."
        )


def _require_empty() -> None:
    for model in (User, QueryLog, Event):
        if model._base_manager.exists():
            raise CannotMove(
                "The PostgreSQL database holds people or a record already: move into an empty one."
            )
