"""Whoever owns the database can get around the triggers; verify_audit names what they did."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.canonical import ENTRY_SIZE
from tests.audit.sealed import GAP, QUERIES, Record, copy_of

COPIED = (
    "started_at, user_id, token_id, username, tool, arguments, sql, fingerprint, limits, reason, "
    "sqlstate, truncated, client, request_id, rpc_id, cancel_requested_by"
)


def insert(ident: int | None = None, outcome: str = "ok") -> str:
    """Return the statement that puts a query in, like the first but for its id."""
    names, values = ("id, ", f"{ident}, ") if ident is not None else ("", "")
    return (
        f"INSERT INTO audit_querylog ({names}outcome, {COPIED})"
        f" SELECT {values}'{outcome}', {COPIED} FROM audit_querylog WHERE id = 1"
    )


def heads(record: Record) -> list[str]:
    """Return the seals' heads, as somebody would have noted them elsewhere."""
    rows = record.run("SELECT number, digest FROM audit_seal ORDER BY number")
    return [f"{number}:{digest}" for number, digest in rows]


@pytest.mark.proves("TAMPER-NONE")
def test_record_that_nobody_touched_verifies_against_every_head(record: Record) -> None:
    words = [f"--head={head}" for head in heads(record)]
    assert len(words) == 3
    found, _ = record.verify(*words, ok=True)
    assert found == []
    said = record.manage("verify_audit")
    assert re.search(r"Nothing is wrong: [\d,]+ rows in 3 seals, [\d,]+ rows a second\.", said)


@pytest.mark.proves("TAMPER-UPDATE")
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE audit_querylog SET sql = 'SELECT 2' WHERE id = 123", "Query 123 was changed."),
        ("UPDATE audit_querylog SET rows = 4711 WHERE id = 2000", "Query 2000 was changed."),
        ("UPDATE audit_querylog SET duration_ms = 0 WHERE id = 5", "Query 5 was changed."),
        ("UPDATE audit_event SET summary = 'nothing' WHERE id = 2", "Event 2 was changed."),
    ],
)
def test_changed_row_is_named(record: Record, statement: str, sentence: str) -> None:
    record.tamper(statement)
    assert record.verify()[0] == [sentence]


@pytest.mark.proves("TAMPER-UPDATE")
def test_row_that_can_not_be_read_any_more_is_a_finding_and_no_crash(
    sqlite_record: Record, tmp_path: Path
) -> None:
    for record in copy_of(sqlite_record, tmp_path):
        record.tamper("UPDATE audit_querylog SET sql = CAST(X'FF' AS TEXT) WHERE id = 1500")
        assert record.verify()[0] == ["The rows of seal 2 can't be read: they were changed."]


@pytest.mark.proves("TAMPER-UPDATE")
def test_query_whose_touched_objects_were_changed_is_named(record: Record) -> None:
    [(query_id,)] = record.run("SELECT max(query_id) FROM audit_touchedobject WHERE query_id < 900")
    record.tamper(f"DELETE FROM audit_touchedobject WHERE query_id = {query_id}")
    assert record.verify()[0] == [f"Query {query_id} was changed."]


@pytest.mark.proves("TAMPER-DELETE")
def test_deleted_rows_are_named(record: Record) -> None:
    record.tamper(
        "DELETE FROM audit_touchedobject WHERE query_id = 45",
        "DELETE FROM audit_querylog WHERE id = 45",
        "DELETE FROM audit_event WHERE id = 3",
    )
    assert sorted(record.verify()[0]) == ["Event 3 is missing.", "Query 45 is missing."]


@pytest.mark.proves("TAMPER-INSERT")
@pytest.mark.parametrize("ident", [GAP, 0, -5])
def test_row_that_was_put_in_is_named(record: Record, ident: int) -> None:
    record.tamper(insert(ident))
    assert record.verify()[0] == [f"Query {ident} was put in."]


@pytest.mark.proves("TAMPER-REORDER")
def test_rows_that_changed_places_are_named(record: Record) -> None:
    move = "UPDATE audit_querylog SET id = {} WHERE id = {}"
    record.tamper(
        "DELETE FROM audit_touchedobject WHERE query_id IN (10, 11)",
        move.format(-1, 10),
        move.format(10, 11),
        move.format(11, -1),
    )
    assert record.verify()[0] == ["Query 10 was changed.", "Query 11 was changed."]


@pytest.mark.proves("TAMPER-SEAL")
@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["UPDATE audit_seal SET queries = 1 WHERE number = 2"], "Seal 2 was changed."),
        (["DELETE FROM audit_seal WHERE number = 2"], "Seal 2 is missing."),
        (["DELETE FROM audit_seal WHERE number = 1"], "Seal 1 is missing."),
        (
            ["UPDATE audit_seal SET leaves = NULL WHERE number = 2"],
            "Seal 2 has lost the list of its rows.",
        ),
        (
            [
                "UPDATE audit_seal SET leaves = (SELECT leaves FROM audit_seal WHERE number = 1)"
                " WHERE number = 2"
            ],
            "Seal 2: the list of its rows was changed.",
        ),
        (
            ["UPDATE audit_seal SET pruned_at = sealed_at, leaves = NULL WHERE number = 1"],
            "Seal 1 is marked as pruned, but no event says who pruned it.",
        ),
    ],
)
def test_seal_that_was_changed_or_deleted_is_named(
    record: Record, statements: list[str], sentence: str
) -> None:
    record.tamper(*statements)
    assert sentence in record.verify()[0]


@pytest.mark.proves("TAMPER-SEAL")
def test_row_that_a_changed_list_hides_shows_in_the_list(record: Record) -> None:
    """Whoever changes a row and its leaf has to change the seal too."""
    changed = "X'00'" if record.is_sqlite else "'\\x00'::bytea"
    cut = f"substr(leaves, 1, {ENTRY_SIZE * 4})"
    rest = f"substr(leaves, {ENTRY_SIZE * 4 + 2})"
    whole = f"{cut} || {changed} || {rest}"
    if record.is_sqlite:
        whole = f"CAST({whole} AS BLOB)"
    record.tamper(f"UPDATE audit_seal SET leaves = {whole} WHERE number = 1")
    assert "Seal 1: the list of its rows was changed." in record.verify()[0]


@pytest.mark.proves("TAMPER-TAIL")
def test_rows_missing_after_the_last_seal_are_warned_of_by_name(record: Record) -> None:
    record.run(insert(outcome="running"), insert(outcome="running"))
    last = QUERIES + 2
    record.tamper(f"DELETE FROM audit_querylog WHERE id = {last}")
    _, warnings = record.verify(ok=True)
    assert f"Query {last} is not there, and was not sealed yet." in warnings


@pytest.mark.proves("TAMPER-HEAD")
def test_tail_cut_off_with_its_seal_shows_only_against_a_head_kept_elsewhere(
    record: Record,
) -> None:
    noted = heads(record)[-1]
    [(first,)] = record.run("SELECT first_query FROM audit_seal WHERE number = 3")
    record.tamper(
        f"DELETE FROM audit_touchedobject WHERE query_id >= {first}",
        f"DELETE FROM audit_querylog WHERE id >= {first}",
        "DELETE FROM audit_event",
        "DELETE FROM audit_seal WHERE number = 3",
    )
    record.verify(ok=True)
    [found] = record.verify(f"--head={noted}")[0]
    assert found.startswith("Seal 3 is missing, though it was noted elsewhere: the end of")


@pytest.mark.proves("TAMPER-HEAD")
def test_restored_backup_shows_only_against_the_log_that_the_server_printed(
    record: Record, tmp_path: Path
) -> None:
    for backup in copy_of(record, tmp_path):
        record.run(insert())
        log = tmp_path / "server.log"
        log.write_text(f"query=1 caller=x\n{record.manage('seal_audit')}")
        record.verify("--heads", str(log), ok=True)
        backup.verify(ok=True)
        [found] = backup.verify("--heads", str(log))[0]
        assert found.startswith("Seal 4 is missing, though it was noted elsewhere")


@pytest.mark.proves("TAMPER-HEAD")
def test_chain_written_anew_shows_only_against_a_head_kept_elsewhere(record: Record) -> None:
    noted = heads(record)
    record.tamper("UPDATE audit_querylog SET sql = 'SELECT 2' WHERE id = 1500")
    record.tamper("DELETE FROM audit_seal")
    record.manage("seal_audit")
    record.verify(ok=True)
    [found] = record.verify(f"--head={noted[2]}")[0]
    assert found == (
        "Seal 3 is not the one that was noted elsewhere: the record up to it was written anew."
    )


@pytest.mark.proves("TAMPER-TRIGGER")
def test_trigger_that_is_missing_is_named_and_comes_back_with_migrate(record: Record) -> None:
    name, where = "audit_event_delete_kept", "" if record.is_sqlite else " ON audit_event"
    record.run(f"DROP TRIGGER {name}{where}")
    sentence = f"The trigger {name} is missing or changed: run manage.py migrate."
    assert record.verify()[0] == [sentence]
    record.manage("migrate", "--verbosity=0")
    record.verify(ok=True)


@pytest.mark.proves("TAMPER-TRIGGER")
def test_trigger_that_was_weakened_or_switched_off_is_named(record: Record) -> None:
    name = "audit_event_update_any"
    if record.is_sqlite:
        record.run(
            f"DROP TRIGGER {name}",
            f"CREATE TRIGGER {name} BEFORE UPDATE ON audit_event BEGIN SELECT 1; END",
        )
    else:
        record.run(f"ALTER TABLE audit_event DISABLE TRIGGER {name}")
    assert record.verify()[0] == [
        f"The trigger {name} is missing or changed: run manage.py migrate."
    ]
