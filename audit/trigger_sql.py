"""How each of the two databases is told a rule, and asked whether it still holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from audit.triggers import Rule

# Which pruned segment holds a row is asked for each row that prune_audit deletes.
INDEXES = tuple(
    f"CREATE INDEX IF NOT EXISTS audit_seal_pruned_{kind} ON audit_seal"
    f" (last_{kind}, first_{kind}) WHERE pruned_at IS NOT NULL"
    for kind in ("query", "event")
)
Held = dict[tuple[str, str], object]
"""Table and name of a trigger -> everything that makes it what it is."""

# A trigger of the right name and text is worth nothing on another table, for another operation,
# with a condition or a list of columns, or if its function has settings of its own.
_HELD = """
SELECT c.relname, t.tgname, p.prosrc, t.tgtype::int, t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL
AND t.tgattr::text = '' AND t.tgconstraint = 0 AND t.tgnargs = 0 AND p.proconfig IS NULL
AND NOT p.prosecdef AND p.pronamespace = c.relnamespace
AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relname = ANY(%s)
AND c.relnamespace = current_schema()::regnamespace
"""
# Whatever else answers for a table, or decides which of its rows are seen.
_ELSE = """
SELECT 'rule', r.rulename, c.relname FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relname = ANY(%s) AND c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT 'row level security', 'on', c.relname FROM pg_class c
WHERE c.relrowsecurity AND c.relname = ANY(%s)
AND c.relnamespace = current_schema()::regnamespace
"""
_BITS = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
_BEFORE, _EACH_ROW = 2, 1


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
    held, wanted = _held(connection, rules), _wanted(connection, rules)
    return [name for (table, name), what in wanted.items() if held.get((table, name)) != what]


def strange(
    connection: BaseDatabaseWrapper, rules: Sequence[Rule], known: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return (what, name, table) of all that acts on the rules' tables and is none of them.

    ``known`` are the texts of other triggers that SQLite may hold.
    """
    wanted = {(rule.table, rule.name) for rule in rules}
    found = [
        ("trigger", name, table)
        for (table, name), what in _held(connection, rules).items()
        if (table, name) not in wanted and what != known.get(name, "").strip()
    ]
    if connection.vendor == "sqlite":
        return found
    return found + _rows(connection, _ELSE, [_tables(rules)] * 2)


def _wanted(connection: BaseDatabaseWrapper, rules: Sequence[Rule]) -> Held:
    if connection.vendor == "sqlite":
        return {(rule.table, rule.name): _sqlite(rule) for rule in rules}
    schema = _schema(connection)
    return {(rule.table, rule.name): (_body(rule, schema), _type(rule), True) for rule in rules}


def _held(connection: BaseDatabaseWrapper, rules: Sequence[Rule]) -> Held:
    if connection.vendor == "sqlite":
        question = "SELECT lower(tbl_name), name, sql FROM sqlite_master WHERE type = 'trigger'"
        tables = _tables(rules)
        rows = _rows(connection, question, None)
        return {(table, name): sql for table, name, sql in rows if table in tables}
    rows = _rows(connection, _HELD, [_tables(rules)])
    return {(table, name): tuple(what) for table, name, *what in rows}


def _tables(rules: Sequence[Rule]) -> list[str]:
    return sorted({rule.table for rule in rules})


def _type(rule: Rule) -> int:
    """Return how PostgreSQL writes down when the trigger fires."""
    each = 0 if rule.operation == "TRUNCATE" else _EACH_ROW
    return _BITS[rule.operation] | _BEFORE | each


def _rows(
    connection: BaseDatabaseWrapper, question: str, values: list[list[str]] | None
) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())


def _sqlite(rule: Rule) -> str:
    raised = f"RAISE(ABORT, '{rule.sentence}')" if rule.sentence else "RAISE(IGNORE)"
    return (
        f"CREATE TRIGGER {rule.name} BEFORE {rule.operation} ON {rule.table} FOR EACH ROW"
        f" WHEN {rule.when} BEGIN SELECT {raised}; END"
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
