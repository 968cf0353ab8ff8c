"""How each of the two databases is told a rule, and asked whether it still holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from audit.triggers import Rule

# Which pruned segment holds a row is asked for each row that prune_audit deletes.
INDEXES = tuple(
    f"CREATE INDEX IF NOT EXISTS audit_seal_pruned_{kind} ON audit_seal"
    f" (last_{kind}, first_{kind}) WHERE pruned_at IS NOT NULL"
    for kind in ("query", "event")
)
_HELD = """
SELECT t.tgname, p.prosrc FROM pg_trigger t
JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname = ANY(%s) AND t.tgenabled IN ('O', 'A')
AND c.relnamespace = current_schema()::regnamespace
"""


def creating(connection: BaseDatabaseWrapper, rule: Rule) -> list[str]:
    """Return the statements that install the rule, whatever was there before."""
    dropped = dropping(connection, rule)
    if connection.vendor == "sqlite":
        return [dropped, _sqlite(rule)]
    schema = _schema(connection)
    function = f"{schema}.{rule.name}"
    each = "STATEMENT" if rule.operation == "TRUNCATE" else "ROW"
    return [
        dropped,
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $rule${_body(rule, schema)}$rule$",
        f"CREATE TRIGGER {rule.name} BEFORE {rule.operation} ON {rule.table}"
        f" FOR EACH {each} EXECUTE FUNCTION {function}()",
    ]


def dropping(connection: BaseDatabaseWrapper, rule: Rule) -> str:
    """Return the statement that takes the rule away."""
    where = "" if connection.vendor == "sqlite" else f" ON {rule.table}"
    return f"DROP TRIGGER IF EXISTS {rule.name}{where}"


def differing(connection: BaseDatabaseWrapper, rules: Sequence[Rule]) -> list[str]:
    """Return the names of those rules that the database doesn't hold, or not word for word."""
    if connection.vendor == "sqlite":
        wanted = {rule.name: _sqlite(rule) for rule in rules}
        question = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        held = _pairs(connection, question, None)
    else:
        schema = _schema(connection)
        wanted = {rule.name: _body(rule, schema) for rule in rules}
        held = _pairs(connection, _HELD, [list(wanted)])
    return [name for name, text in wanted.items() if held.get(name) != text]


def _pairs(
    connection: BaseDatabaseWrapper, question: str, values: list[list[str]] | None
) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return dict(cursor.fetchall())


def _sqlite(rule: Rule) -> str:
    return (
        f"CREATE TRIGGER {rule.name} BEFORE {rule.operation} ON {rule.table} FOR EACH ROW"
        f" WHEN {rule.when} BEGIN SELECT RAISE(ABORT, '{rule.sentence}'); END"
    )


def _body(rule: Rule, schema: str) -> str:
    """Tables are named with their schema, so that no temporary table can stand in for one."""
    when = rule.when.replace("FROM audit_", f"FROM {schema}.audit_")
    goes_on = {"DELETE": "OLD", "TRUNCATE": "NULL"}.get(rule.operation, "NEW")
    return (
        f" BEGIN IF {when} THEN RAISE EXCEPTION USING"
        f" MESSAGE = '{rule.sentence}', ERRCODE = 'restrict_violation';"
        f" END IF; RETURN {goes_on}; END "
    )


def _schema(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return connection.ops.quote_name(cursor.fetchall()[0][0])
