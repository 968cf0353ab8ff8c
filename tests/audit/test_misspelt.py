"""Values that SQLite takes and the server never writes: each is a finding, and none a crash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.audit.sealed import Record, copy_of

CHANGED = "Query 123 holds a value that is not as the server writes it: it was changed."
SAME_MOMENT = (
    "replace(started_at, ' ', 'T')",
    "datetime(started_at, '+14 hours') || '+14:00'",
    "started_at || '.0000009'",
    "started_at || 'Z'",
)
OTHER_TYPES = (
    "sql = CAST(sql AS BLOB)", "sql = X'00'", "started_at = 'soon'", "started_at = 5",
    "started_at = X'00'", "rows = 'many'", "rows = 1.5", "duration_ms = X'00'", "ip = X'00'",
    "truncated = 'maybe'", "cancel_requested_at = ''", "user_id = 'alice'", "outcome = X'6F6B'",
)  # fmt: skip


@pytest.fixture
def mine(sqlite_record: Record, tmp_path: Path) -> Iterator[Record]:
    """A copy of a sealed record on SQLite."""
    yield from copy_of(sqlite_record, tmp_path)


def named(record: Record, values: Sequence[str]) -> bool:
    """Change a row for each of these, and say whether each of the rows is named."""
    rows = range(123, 123 + len(values))
    changes = zip(values, rows, strict=True)
    record.tamper(*(f"UPDATE audit_querylog SET {new} WHERE id = {row}" for new, row in changes))
    found = record.verify()[0]
    return all(CHANGED.replace("123", str(row)) in found for row in rows)


@pytest.mark.proves("TAMPER-SPELLING")
def test_moment_that_is_written_otherwise_to_hide_from_filters_is_named(mine: Record) -> None:
    assert named(mine, [f"started_at = {value}" for value in SAME_MOMENT])


@pytest.mark.proves("TAMPER-SPELLING")
@pytest.mark.parametrize("changes", [OTHER_TYPES[:7], OTHER_TYPES[7:]])
def test_value_of_another_type_is_named_and_no_crash(mine: Record, changes: Sequence[str]) -> None:
    assert named(mine, changes)


@pytest.mark.proves("TAMPER-SPELLING")
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE audit_event SET details = X'00' WHERE id = 2", "Event 2 holds a value"),
        ("UPDATE audit_event SET at = 'T' WHERE id = 2", "Event 2 holds a value"),
        ("UPDATE audit_touchedobject SET direct = 'x' WHERE query_id = 5", "Query 5 holds a value"),
        ("UPDATE audit_touchedobject SET query_id = 'x' WHERE query_id = 5", "Query 5 was changed"),
        ("UPDATE audit_catalogobject SET name = X'00' WHERE id = 2", "Object 2 holds a value"),
        ("UPDATE audit_seal SET number = 'two' WHERE id = 2", "The seal with the id 2 holds"),
        ("UPDATE audit_seal SET number = 2.5 WHERE id = 2", "The seal with the id 2 holds"),
        ("UPDATE audit_seal SET sealed_at = 1 WHERE id = 2", "The seal with the id 2 holds"),
        ("UPDATE audit_seal SET sealed_at = '2026-02-31 25:00:00' WHERE id = 2", "The seal with"),
        ("UPDATE audit_seal SET digest = CAST(X'FF' AS TEXT) WHERE id = 2", "The seal with"),
        ("UPDATE audit_seal SET leaves = 'text' WHERE id = 2", "The seal with the id 2 holds"),
        ("UPDATE audit_seal SET first_query = 'a' WHERE id = 2", "The seal with the id 2 holds"),
    ],
)
def test_the_same_holds_for_events_touches_objects_and_seals(
    mine: Record, statement: str, sentence: str
) -> None:
    mine.tamper(statement)
    assert any(found.startswith(sentence) for found in mine.verify()[0])


@pytest.mark.proves("TAMPER-SPELLING")
@pytest.mark.parametrize("value", ["''", "'SELECT 1' || char(0)", "sql || ' '", "'é' || sql"])
def test_text_that_looks_the_same_is_a_change(mine: Record, value: str) -> None:
    mine.tamper(f"UPDATE audit_querylog SET sql = {value} WHERE id = 123")
    assert mine.verify()[0] == ["Query 123 was changed."]


@pytest.mark.proves("TAMPER-SPELLING")
def test_empty_is_not_nothing(record: Record) -> None:
    [(ident,)] = record.run("SELECT min(id) FROM audit_querylog WHERE cancel_requested_at IS NULL")
    record.tamper(f"UPDATE audit_querylog SET ip = NULL WHERE id = {ident}")
    assert record.verify()[0] == [f"Query {ident} was changed."]


@pytest.mark.proves("TAMPER-INDEX")
def test_index_that_was_made_to_miss_a_row_is_a_finding(mine: Record) -> None:
    """A list by person is read from that index: the row would be there, and on no list."""
    [(whole,)] = mine.run("SELECT sql FROM sqlite_master WHERE name = 'query_user'")
    change = "UPDATE sqlite_master SET sql = '{}' WHERE name = 'query_user'"
    mine.run("PRAGMA writable_schema = ON", change.format(f"{whole} WHERE id <> 123"))
    mine.run("REINDEX query_user")
    mine.run("PRAGMA writable_schema = ON", change.format(whole))
    found = mine.verify()[0]
    assert all(one.startswith("The database's file is damaged, or somebody") for one in found)
    assert "missing from index query_user" in found[0]


@pytest.mark.proves("TAMPER-INDEX")
def test_index_that_is_no_index_any_more_is_a_finding_and_no_crash(mine: Record) -> None:
    [(page,)] = mine.run("SELECT rootpage FROM sqlite_master WHERE name = 'query_user'")
    [(size,)] = mine.run("PRAGMA page_size")
    mine.run("PRAGMA wal_checkpoint(TRUNCATE)")
    with Path(mine.place).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x77" * size)
    found = mine.verify()[0]
    assert "The database's file is damaged" in found[0]


@pytest.mark.proves("TAMPER-NOBODY")
def test_queries_of_a_person_who_was_taken_away_are_named(record: Record) -> None:
    [(user, first)] = record.run(
        "SELECT user_id, min(id) FROM audit_querylog GROUP BY user_id ORDER BY 2 DESC LIMIT 1"
    )
    if record.is_sqlite:
        record.run("PRAGMA foreign_keys = OFF", f"DELETE FROM accounts_user WHERE id = {user}")
    else:
        constraints = record.run(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE confrelid = 'accounts_user'::regclass"
        )
        record.run(*(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name in constraints))
        record.run(f"DELETE FROM accounts_user WHERE id = {user}")
    sentence = "is of a person whose account was deleted, so no list shows it."
    assert f"Query {first} {sentence}" in record.verify()[0]
