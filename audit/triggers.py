"""Append-only by trigger: what the database itself refuses, whoever asks.

Installed after each migrate, not by a migration: on SQLite Django remakes a changed table, and its
triggers go with the old one; and the rules name every column of the models, later ones too. Who
owns the database can drop a trigger; ``verify_audit`` finds that, and what was done meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.models import CatalogObject, Event, QueryLog, Seal, TouchedObject

TABLES: tuple[type[models.Model], ...] = (QueryLog, TouchedObject, CatalogObject, Event, Seal)
_CLOSING = set(
    "outcome reason sqlstate rows bytes truncated duration_ms waited_ms database_ms fingerprint "
    "cancel_requested_at cancel_requested_by".split()
)
_PRUNING = {"leaves", "pruned_at"}
_ALWAYS = "1 = 1"


@dataclass(frozen=True)
class Rule:
    """One trigger: before this operation on a row, the sentence is raised if ``when`` holds.

    On SQLite, a rule without a sentence passes the row over.
    """

    table: str
    operation: str
    subject: str
    when: str
    sentence: str

    @property
    def name(self) -> str:
        """The trigger's name."""
        return f"{self.table}_{self.operation.lower()}_{self.subject}"


def install_triggers(*, using: str, **kwargs: Any) -> None:
    """Install what is missing or differs; connect it to audit's post_migrate."""
    connection = connections[using]
    if not router.allow_migrate(using, "audit") or not _has_tables(connection):
        return
    from audit import trigger_sql

    with transaction.atomic(using=using), connection.cursor() as cursor:
        rules = {rule.name: rule for rule in _rules(connection)}
        wanted = trigger_sql.differing(connection, list(rules.values()))
        statements = [
            sql for name in wanted for sql in trigger_sql.creating(connection, rules[name])
        ]
        for statement in (*statements, *trigger_sql.INDEXES):
            cursor.execute(statement)


def drop_triggers(*, using: str) -> None:
    """Let everything be changed until the next migrate: for migrations, and for tests that flush.

    SQLite renames no table while a trigger elsewhere names it.
    """
    from audit import trigger_sql

    connection = connections[using]
    if _has_tables(connection):
        with transaction.atomic(using=using), connection.cursor() as cursor:
            for rule in _rules(connection):
                cursor.execute(trigger_sql.dropping(connection, rule))


def make_way(*, using: str, plan: list[tuple[Any, bool]], **kwargs: Any) -> None:
    """Drop the triggers before migrations of ours; connect it to audit's pre_migrate."""
    ours = any(migration.app_label == "audit" for migration, _ in plan)
    if ours and router.allow_migrate(using, "audit"):
        drop_triggers(using=using)


def missing_triggers(using: str = "default") -> list[str]:
    """Return the names of the triggers that are missing, disabled, or not what we installed."""
    from audit import trigger_sql

    return trigger_sql.differing(connections[using], list(_rules(connections[using])))


def strange_triggers(using: str = "default") -> list[tuple[str, str, str]]:
    """Return (what, name, table) of triggers and rules on our tables that are not ours."""
    from audit import search, trigger_sql

    rules = list(_rules(connections[using]))
    return trigger_sql.strange(connections[using], rules, search.TRIGGERS)


def _rules(connection: BaseDatabaseWrapper) -> Iterator[Rule]:
    yield from _query_rules(connection)
    yield from _touched_rules()
    yield from _event_rules()
    yield from _seal_rules(connection)
    if connection.vendor == "sqlite":
        yield from _replacing_rules()
    else:
        for model in TABLES:
            yield Rule(
                model._meta.db_table, "TRUNCATE", "all", _ALWAYS, "The record is never emptied."
            )


def _query_rules(connection: BaseDatabaseWrapper) -> Iterator[Rule]:
    asked = _changed(connection, QueryLog, _CLOSING)
    table = "audit_querylog"
    yield Rule(
        table, "UPDATE", "closed", "OLD.outcome <> 'running'", "A closed query is never changed."
    )
    yield Rule(table, "UPDATE", "asked", asked, "What a query asked is never changed.")
    yield Rule(
        table, "DELETE", "kept", _not_pruned("query", "OLD.id"), "Only prune_audit deletes queries."
    )


def _touched_rules() -> Iterator[Rule]:
    table = "audit_touchedobject"
    running = (
        "EXISTS (SELECT 1 FROM audit_querylog WHERE id = NEW.query_id AND outcome = 'running')"
    )
    sentence = "What a query touched is written before the query is closed."
    yield Rule(table, "INSERT", "late", f"NOT {running}", sentence)
    yield Rule(table, "UPDATE", "any", _ALWAYS, "What a query touched is never changed.")
    kept = _not_pruned("query", "OLD.query_id")
    yield Rule(table, "DELETE", "kept", kept, "Only prune_audit deletes what queries touched.")
    sentence = "An object that a query touched is never changed."
    yield Rule("audit_catalogobject", "UPDATE", "any", _ALWAYS, sentence)
    sentence = "An object that a query touched is never deleted."
    yield Rule("audit_catalogobject", "DELETE", "any", _ALWAYS, sentence)


def _event_rules() -> Iterator[Rule]:
    kept = _not_pruned("event", "OLD.id")
    yield Rule("audit_event", "UPDATE", "any", _ALWAYS, "An event is never changed.")
    yield Rule("audit_event", "DELETE", "kept", kept, "Only prune_audit deletes events.")


def _seal_rules(connection: BaseDatabaseWrapper) -> Iterator[Rule]:
    pruning = "OLD.pruned_at IS NULL AND NEW.pruned_at IS NOT NULL AND NEW.leaves IS NULL"
    changed = f"{_changed(connection, Seal, _PRUNING)} OR NOT ({pruning})"
    yield Rule("audit_seal", "UPDATE", "any", changed, "A seal is never changed, only pruned.")
    yield Rule("audit_seal", "DELETE", "any", _ALWAYS, "A seal is never deleted.")


def _replacing_rules() -> Iterator[Rule]:
    """INSERT OR REPLACE deletes the row it replaces without a word to the triggers."""
    for model in TABLES:
        table = model._meta.db_table
        taken = "NEW.id > 0 AND " + _exists(table, "id = NEW.id")
        yield Rule(table, "INSERT", "taken", taken, "A row of the record is never replaced.")
    taken = _exists("audit_seal", "number = NEW.number OR digest = NEW.digest")
    yield Rule("audit_seal", "INSERT", "again", taken, "That seal is there already.")
    table = "audit_touchedobject"
    taken = _exists(table, "query_id = NEW.query_id AND object_id = NEW.object_id")
    yield Rule(table, "INSERT", "again", taken, "That the query touched it is there already.")
    # Passed over: two processes may make an object at once, and no trigger sees which OR it was.
    table = "audit_catalogobject"
    same = " AND ".join(f'"{name}" = NEW."{name}"' for name in "schema name column kind".split())
    yield Rule(table, "INSERT", "again", _exists(table, same), "")


def _exists(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {condition})"  # noqa: S608  # our names


def _changed(connection: BaseDatabaseWrapper, model: type[models.Model], besides: set[str]) -> str:
    """Return the condition that any column changes besides those."""
    differs = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    columns = [
        connection.ops.quote_name(str(field.column))
        for field in model._meta.concrete_fields
        if field.name not in besides
    ]
    return "(" + " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns) + ")"


def _not_pruned(kind: str, ident: str) -> str:
    """Return the condition that no pruned segment holds the row; one look into an index.

    A segment may hold no rows of the kind: then its first is last plus one, and sorts behind.
    """
    condition = f"pruned_at IS NOT NULL AND last_{kind} >= {ident}"
    newest = f"WHERE {condition} ORDER BY last_{kind}, first_{kind} LIMIT 1"
    return f"NOT coalesce((SELECT first_{kind} <= {ident} FROM audit_seal {newest}), FALSE)"  # noqa: S608  # our names


def _has_tables(connection: BaseDatabaseWrapper) -> bool:
    present = set(connection.introspection.table_names())
    return present.issuperset(model._meta.db_table for model in TABLES)
