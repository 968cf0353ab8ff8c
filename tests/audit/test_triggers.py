"""What the database refuses by itself, in the same words on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3

import psycopg2
import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Outcome, QueryLog, Seal, TouchedObject
from audit.services import Answered, close_query, open_query
from audit.triggers import TABLES, drop_triggers, install_triggers, missing_triggers
from tests.audit.sealed import Record
from tests.audit.test_cancelling import Ask

REFUSED = {
    "UPDATE audit_querylog SET outcome = 'ok' WHERE id = 1": "A closed query is never changed.",
    "UPDATE audit_querylog SET sql = '' WHERE id = 1": "never changed.",
    "DELETE FROM audit_querylog WHERE id = 1": "Only prune_audit deletes queries.",
    "DELETE FROM audit_querylog": "Only prune_audit deletes queries.",
    "UPDATE audit_touchedobject SET direct = direct": "What a query touched is never changed.",
    "DELETE FROM audit_touchedobject": "Only prune_audit deletes what queries touched.",
    "INSERT INTO audit_touchedobject (query_id, object_id, direct) SELECT 1, max(id), 1 = 1"
    " FROM audit_catalogobject": "What a query touched is written before the query is closed.",
    "UPDATE audit_catalogobject SET name = 'x'": "An object that a query touched is never changed.",
    "DELETE FROM audit_catalogobject": "An object that a query touched is never deleted.",
    "UPDATE audit_event SET summary = 'x'": "An event is never changed.",
    "DELETE FROM audit_event": "Only prune_audit deletes events.",
    "DELETE FROM audit_seal": "A seal is never deleted.",
    "UPDATE audit_seal SET digest = 'x'": "A seal is never changed, only pruned.",
    "UPDATE audit_seal SET leaves = NULL": "A seal is never changed, only pruned.",
    "UPDATE audit_seal SET pruned_at = sealed_at": "A seal is never changed, only pruned.",
    "UPDATE audit_seal SET pruned_at = sealed_at, leaves = NULL, queries = 0": (
        "A seal is never changed, only pruned."
    ),
}


@pytest.mark.proves("TRIGGER-REFUSES")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_database_refuses_whatever_would_change_the_record(
    database: str, request: pytest.FixtureRequest
) -> None:
    original: Record = request.getfixturevalue(f"{database}_record")
    for statement, sentence in REFUSED.items():
        with pytest.raises((sqlite3.IntegrityError, psycopg2.IntegrityError)) as caught:
            original.run(statement)
        assert sentence in str(caught.value), statement
    assert original.verify(ok=True)[0] == []


@pytest.mark.proves("TRIGGER-REFUSES")
def test_postgresql_refuses_to_truncate(postgresql_record: Record) -> None:
    for model in TABLES:
        with pytest.raises(psycopg2.IntegrityError, match=r"The record is never emptied\."):
            postgresql_record.run(f"TRUNCATE {model._meta.db_table} CASCADE")


@pytest.mark.proves("TRIGGER-REFUSES")
@pytest.mark.parametrize("table", ["audit_querylog", "audit_event", "audit_seal"])
def test_sqlite_refuses_to_replace_which_its_delete_triggers_would_not_see(
    sqlite_record: Record, table: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=r"never replaced|there already"):
        sqlite_record.run(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = 1")


@pytest.mark.proves("TRIGGER-REFUSES")
def test_pruned_seal_lets_go_of_its_own_rows_only(record: Record) -> None:
    record.run("UPDATE audit_seal SET pruned_at = sealed_at, leaves = NULL WHERE number = 1")
    [(last,)] = record.run("SELECT last_query FROM audit_seal WHERE number = 1")
    record.run(
        f"DELETE FROM audit_touchedobject WHERE query_id <= {last}",
        f"DELETE FROM audit_querylog WHERE id <= {last}",
    )
    with pytest.raises((sqlite3.IntegrityError, psycopg2.IntegrityError)):
        record.run(f"DELETE FROM audit_touchedobject WHERE query_id > {last}")
    with pytest.raises((sqlite3.IntegrityError, psycopg2.IntegrityError)):
        record.run("UPDATE audit_seal SET pruned_at = NULL WHERE number = 1")


@pytest.mark.proves("TRIGGER-CLOSING")
def test_what_was_asked_stays_while_a_query_runs_and_how_it_ended_is_written_once(
    asked: Ask,
) -> None:
    query_id = open_query(asked())
    for field in QueryLog._meta.concrete_fields:
        if field.name in _CLOSING:
            continue
        assignment = f'"{field.column}" = 4711'
        with pytest.raises(IntegrityError, match="What a query asked is never changed"):
            _execute(f"UPDATE audit_querylog SET {assignment} WHERE id = {query_id}")
    close_query(query_id, asked(), Answered())
    with pytest.raises(IntegrityError, match="A closed query is never changed"):
        _execute(f"UPDATE audit_querylog SET outcome = 'running' WHERE id = {query_id}")
    assert QueryLog.objects.get().outcome == Outcome.OK


@pytest.mark.proves("TRIGGER-INSTALLED")
def test_triggers_are_installed_once_more_without_harm_and_again_when_gone(db: None) -> None:
    assert missing_triggers() == []
    install_triggers(using="default")
    assert missing_triggers() == []
    drop_triggers(using="default")
    assert len(missing_triggers()) > 10
    install_triggers(using="default")
    assert missing_triggers() == []


@pytest.mark.proves("TRIGGER-INSTALLED")
def test_every_column_is_either_frozen_or_written_when_a_query_closes(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_querylog_update_asked'")
        [(text,)] = cursor.fetchall()
    columns = {field.column for field in QueryLog._meta.concrete_fields}
    frozen = {column for column in columns if f'OLD."{column}"' in text}
    assert columns - frozen == _CLOSING
    assert {"id", "sql", "started_at", "user_id", "arguments", "limits"} < frozen


@pytest.mark.proves("TRIGGER-INSTALLED")
def test_migrating_back_and_forth_finds_the_triggers_where_they_belong(record: Record) -> None:
    """On SQLite a table can't be remade while triggers elsewhere name it."""
    record.manage("migrate", "audit", "0003", "--verbosity=0")
    record.manage("migrate", "--verbosity=0")
    assert record.verify(ok=True)[0] == []


@pytest.mark.proves("TRIGGER-INSTALLED")
def test_record_is_empty_before_a_test_that_commits(transactional_db: None) -> None:
    assert not Seal.objects.exists()
    assert not TouchedObject.objects.exists()
    assert missing_triggers() == []


_CLOSING = set(
    "outcome reason sqlstate rows bytes truncated duration_ms waited_ms database_ms fingerprint "
    "cancel_requested_at cancel_requested_by".split()
)


def _execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
