"""Whoever keeps the server from sealing, or deletes before it seals, does not stay unseen."""

from __future__ import annotations

from datetime import timedelta

import psycopg2
import pytest
from django.utils import timezone

from audit import seals
from audit.cancelling import close_abandoned
from audit.models import Outcome, QueryLog
from audit.seals import seal_audit
from audit.services import open_query
from tests.audit.history import at
from tests.audit.sealed import GAP, QUERIES, Record
from tests.audit.test_cancelling import Ask
from tests.audit.test_tampering import insert

LATE = f"Query {QUERIES + 1} has waited for its seal for more than"


@pytest.mark.proves("SEAL-STALLED")
@pytest.mark.parametrize("record", ["postgresql"], indirect=True)
def test_transaction_that_is_left_open_shows_as_rows_that_wait_for_their_seal(
    record: Record,
) -> None:
    record.run(insert())
    held = psycopg2.connect(record.place)
    try:
        held.cursor().execute(insert())
        assert record.manage("seal_audit").startswith("0 new seals")
        assert any(one.startswith(LATE) for one in record.verify(ok=True)[1])
    finally:
        held.close()
    record.manage("seal_audit")
    assert not any(one.startswith(LATE) for one in record.verify(ok=True)[1])


@pytest.mark.proves("SEAL-STALLED")
def test_running_row_of_the_future_is_warned_of_and_does_not_stop_the_seals(
    record: Record,
) -> None:
    record.run(insert(outcome="running").replace("SELECT 'running', started_at", _FUTURE))
    record.run(insert())
    warnings = record.verify(ok=True)[1]
    assert f"Query {QUERIES + 1} runs since a moment that is still to come." in warnings
    assert any(one.startswith(LATE.replace("1 has", "2 has")) for one in warnings)
    assert "1 new seals" in record.manage("seal_audit")
    assert record.run("SELECT max(last_query) FROM audit_seal") == [(QUERIES + 2,)]


_FUTURE = "SELECT 'running', '2999-01-01 00:00:00'"


@pytest.mark.proves("SEAL-STALLED")
def test_row_of_the_future_is_closed_and_one_of_a_clock_that_differs_a_little_is_not(
    asked: Ask,
) -> None:
    left = []
    for ahead in (timedelta(minutes=59), timedelta(minutes=61)):
        with at(timezone.now() + ahead):
            left.append(open_query(asked()))
    assert close_abandoned() == 1
    outcomes = [QueryLog.objects.get(pk=one).outcome for one in left]
    assert outcomes == [Outcome.RUNNING, Outcome.FAILED]


@pytest.mark.proves("SEAL-STALLED")
def test_sealing_that_gives_up_again_and_again_says_so_in_the_log(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ends = seals._ends
    monkeypatch.setattr(seals, "_patience", seals._Patience())
    monkeypatch.setattr(seals, "_ends", lambda: None)
    for _ in range(4):
        seal_audit()
    assert caplog.messages == []
    seal_audit()
    [said] = caplog.messages
    assert said.startswith("Nothing could be sealed 5 times in a row")
    monkeypatch.setattr(seals, "_ends", ends)
    seal_audit()
    monkeypatch.setattr(seals, "_ends", lambda: None)
    seal_audit()
    assert len(caplog.messages) == 1


@pytest.mark.proves("TAMPER-TAIL")
def test_rows_that_were_gone_before_their_seal_are_warned_of_where_ids_have_no_gaps(
    record: Record,
) -> None:
    warnings = record.verify(ok=True)[1]
    gone = [one for one in warnings if "gone already" in one]
    if not record.is_sqlite:
        assert gone == []
        return
    [(first, last)] = record.run("SELECT first_query, last_query FROM audit_seal WHERE number = 1")
    assert first <= GAP <= last
    assert gone == [f"Of the queries {first} to {last}, 1 was gone already when seal 1 was made."]
