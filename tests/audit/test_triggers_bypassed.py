"""Triggers that seem to be there and do nothing, those that are not ours, and ways around them."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import pytest

from tests.audit.sealed import Record

DELETING = "BEFORE DELETE ON audit_event FOR EACH ROW"
CALLING = "EXECUTE FUNCTION audit_event_delete_kept()"
MISSING = "The trigger audit_event_delete_kept is missing or changed: run manage.py migrate."
WEAKENED = {
    "a condition that never holds": [
        f"CREATE OR REPLACE TRIGGER audit_event_delete_kept {DELETING} WHEN (false) {CALLING}"
    ],
    "the same name on another table": [
        "DROP TRIGGER audit_event_delete_kept ON audit_event",
        "CREATE TABLE decoy (LIKE audit_event)",
        "CREATE TRIGGER audit_event_delete_kept"
        f" {DELETING.replace('audit_event', 'decoy')} {CALLING}",
    ],
    "another operation": [
        "DROP TRIGGER audit_event_delete_kept ON audit_event",
        f"CREATE TRIGGER audit_event_delete_kept BEFORE INSERT ON audit_event"
        f" FOR EACH ROW {CALLING}",
    ],
    "some columns only": [
        "DROP TRIGGER audit_event_delete_kept ON audit_event",
        f"CREATE TRIGGER audit_event_delete_kept BEFORE DELETE OR UPDATE OF ip ON audit_event"
        f" FOR EACH ROW {CALLING}",
    ],
    "settings for its function": [
        "ALTER FUNCTION audit_event_delete_kept() SET search_path = pg_temp"
    ],
}


@pytest.mark.proves("TAMPER-TRIGGER")
@pytest.mark.parametrize("record", ["postgresql"], indirect=True)
@pytest.mark.parametrize("way", WEAKENED)
def test_trigger_that_looks_whole_and_does_nothing_is_named(record: Record, way: str) -> None:
    record.run(*WEAKENED[way])
    assert MISSING in record.verify()[0]
    record.manage("migrate", "--verbosity=0")
    assert MISSING not in str(record.run("SELECT 1")) + record.manage("verify_audit", code=0)


@pytest.mark.proves("TAMPER-TRIGGER-OTHER")
def test_trigger_that_is_not_ours_is_named(record: Record) -> None:
    if record.is_sqlite:
        record.run("CREATE TRIGGER zz BEFORE INSERT ON audit_event BEGIN SELECT RAISE(IGNORE); END")
    else:
        record.run(
            "CREATE FUNCTION zz() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER zz BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION zz()",
        )
    [found] = record.verify()[0]
    assert found.startswith("The trigger 'zz' on audit_event is not ours")


@pytest.mark.proves("TAMPER-TRIGGER-OTHER")
def test_search_trigger_that_was_changed_is_named(record: Record) -> None:
    if not record.is_sqlite:
        pytest.skip("PostgreSQL keeps its index by itself.")
    record.run(
        "DROP TRIGGER audit_search_insert",
        "CREATE TRIGGER audit_search_insert BEFORE INSERT ON audit_querylog"
        " BEGIN SELECT RAISE(IGNORE); END",
    )
    [found] = record.verify()[0]
    assert found.startswith("The trigger 'audit_search_insert' on audit_querylog is not ours")


@pytest.mark.proves("TAMPER-TRIGGER-OTHER")
@pytest.mark.parametrize("record", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("CREATE RULE zz AS ON INSERT TO audit_event DO INSTEAD NOTHING", "The rule 'zz'"),
        ("ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY", "The row level security 'on'"),
    ],
)
def test_rule_or_policy_on_a_table_of_the_record_is_named(
    record: Record, statement: str, named: str
) -> None:
    record.run(statement)
    [found] = record.verify()[0]
    assert found.startswith(f"{named} on audit_event is not ours")


@pytest.mark.proves("TRIGGER-REFUSES")
@pytest.mark.parametrize(
    ("table", "statement"),
    [
        (
            "audit_catalogobject",
            'INSERT OR REPLACE INTO audit_catalogobject (id, kind, "schema", name, "column")'
            " VALUES (1, 'table', 'reporting', 'harmless', '')",
        ),
        (
            "audit_catalogobject",
            'INSERT OR REPLACE INTO audit_catalogobject (kind, "schema", name, "column")'
            ' SELECT kind, "schema", name, "column" FROM audit_catalogobject WHERE id = 1',
        ),
        (
            "audit_touchedobject",
            "INSERT OR REPLACE INTO audit_touchedobject (id, query_id, object_id, direct)"
            " SELECT min(id), (SELECT max(id) FROM audit_querylog), 1, 1 FROM audit_touchedobject",
        ),
        (
            "audit_touchedobject",
            "INSERT OR REPLACE INTO audit_touchedobject (query_id, object_id, direct)"
            " SELECT query_id, object_id, NOT direct FROM audit_touchedobject WHERE id ="
            " (SELECT max(id) FROM audit_touchedobject)",
        ),
    ],
)
def test_sqlite_replaces_no_object_and_no_touch_by_id_or_by_name(
    record: Record, table: str, statement: str
) -> None:
    if not record.is_sqlite:
        pytest.skip("PostgreSQL has no INSERT OR REPLACE.")
    record.run(
        "INSERT INTO audit_querylog (outcome, started_at, user_id, token_id, username, tool,"
        " arguments, sql, fingerprint, limits, reason, sqlstate, truncated, client, request_id,"
        " rpc_id, cancel_requested_by) SELECT 'running', started_at, user_id, token_id, '', '',"
        " '', '', '', '', '', '', 0, '', '', '', '' FROM audit_querylog WHERE id = 1",
        "INSERT INTO audit_touchedobject (query_id, object_id, direct)"
        " SELECT (SELECT max(id) FROM audit_querylog), 2, 1",
    )
    before = record.run(f"SELECT * FROM {table} ORDER BY id")
    with suppress(sqlite3.IntegrityError):
        record.run(statement)
    assert record.run(f"SELECT * FROM {table} ORDER BY id") == before
