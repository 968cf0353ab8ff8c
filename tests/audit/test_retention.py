"""Pruning takes whole old segments, leaves their seals, and says so in the record."""

from __future__ import annotations

import sqlite3

import psycopg2
import pytest

from tests.audit.sealed import Record

OLD = "--older-than=200"


def counts(record: Record) -> list[int]:
    """Return how many queries, events and touches there are."""
    tables = ("querylog", "event", "touchedobject")
    return [record.run(f"SELECT count(*) FROM audit_{name}")[0][0] for name in tables]


@pytest.mark.proves("PRUNE-DRY-RUN")
def test_without_yes_nothing_is_deleted(record: Record) -> None:
    before = counts(record)
    said = record.manage("prune_audit", OLD)
    assert "Would delete 999 queries" in said or "Would delete 1,000 queries" in said
    assert "Nothing was deleted" in said
    assert counts(record) == before


@pytest.mark.proves("PRUNE-SEGMENTS")
def test_old_segments_go_with_what_they_touched_and_the_chain_still_verifies(
    record: Record,
) -> None:
    [(last,)] = record.run("SELECT last_query FROM audit_seal WHERE number = 1")
    said = record.manage("prune_audit", OLD, "--yes", "--by=otto")
    assert "of 1 seals" in said
    assert record.run("SELECT min(id) FROM audit_querylog") == [(last + 1,)]
    [(touching,)] = record.run("SELECT min(query_id) FROM audit_touchedobject")
    assert touching > last
    [(number, pruned)] = record.run(
        "SELECT number, pruned_at IS NOT NULL FROM audit_seal WHERE leaves IS NULL"
    )
    assert (number, bool(pruned)) == (1, True)
    [(summary, actor)] = record.run(
        "SELECT summary, actor_name FROM audit_event WHERE kind = 'pruned'"
    )
    assert summary.startswith("otto pruned 1,000 queries")
    assert actor == "otto"
    record.manage("seal_audit")
    record.verify(ok=True)
    assert "of 0 seals" in record.manage("prune_audit", OLD, "--yes")


@pytest.mark.proves("PRUNE-SEGMENTS")
def test_row_put_into_a_pruned_segment_is_named(record: Record) -> None:
    columns = (
        "started_at, user_id, token_id, username, tool, arguments, sql, fingerprint, limits,"
        " outcome, reason, sqlstate, truncated, client, request_id, rpc_id, cancel_requested_by"
    )
    record.manage("prune_audit", OLD, "--yes")
    record.tamper(
        f"INSERT INTO audit_querylog (id, {columns})"
        f" SELECT 9, {columns} FROM audit_querylog WHERE id = 2000"
    )
    assert record.verify()[0] == ["Query 9 is in a pruned segment: it was put in."]


@pytest.mark.proves("PRUNE-EVIDENCE")
def test_segment_that_does_not_verify_is_kept_as_evidence(record: Record) -> None:
    record.tamper("UPDATE audit_querylog SET sql = 'SELECT 2' WHERE id = 123")
    before = counts(record)
    said = record.manage("prune_audit", OLD, "--yes", code=1)
    assert "Seal 1 doesn't verify: Query 123 was changed. Run verify_audit" in said
    assert counts(record) == before


@pytest.mark.proves("PRUNE-SEGMENTS")
def test_segment_with_one_young_row_stays_whole(record: Record) -> None:
    assert "of 0 seals" in record.manage("prune_audit", "--older-than=36500", "--yes")
    assert len(record.run("SELECT 1 FROM audit_seal WHERE pruned_at IS NULL")) == 3


@pytest.mark.proves("PRUNE-SEGMENTS")
def test_nobody_deletes_rows_by_hand_after_a_pruning_either(record: Record) -> None:
    record.manage("prune_audit", OLD, "--yes")
    with pytest.raises((sqlite3.IntegrityError, psycopg2.IntegrityError)):
        record.run("DELETE FROM audit_querylog WHERE id = 2000")


@pytest.mark.proves("PRUNE-DRY-RUN")
def test_age_out_of_range_is_refused_in_one_sentence(record: Record) -> None:
    said = record.manage("prune_audit", "--older-than=0", "--yes", code=1)
    assert "Give --older-than as 1 to 36500 days." in said
