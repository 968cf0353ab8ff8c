"""Sealing: what is finished goes into the chain, once, whoever seals and whoever writes."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg2
import pytest
from django.db import IntegrityError
from django.utils import timezone as now_in

from accounts.models import User
from audit import canonical, seals
from audit.cancelling import close_abandoned
from audit.events import record_event
from audit.heads import logged_heads
from audit.models import (
    CatalogObject,
    Event,
    EventKind,
    ObjectKind,
    Outcome,
    QueryLog,
    Seal,
    TouchedObject,
)
from audit.seals import head, seal_audit
from audit.segments import event_records, query_records
from audit.services import Answered, close_query, open_query
from audit.usage import abandoned_after
from audit.verification import GENESIS
from tests.audit.sealed import Record
from tests.audit.test_cancelling import Ask
from tests.audit.test_tampering import insert
from tests.audit.test_usage_together import finished, start

Lines = Callable[[], list[str]]


@pytest.fixture
def done(asked: Ask) -> Callable[[], int]:
    """Return a function that writes a query that has ended."""

    def ended() -> int:
        query_id = open_query(asked())
        close_query(query_id, asked(), Answered(rows=3, duration_ms=5))
        return query_id

    return ended


@pytest.mark.proves("SEAL-CHAIN")
def test_first_seal_begins_the_chain_and_the_next_continues_it(
    done: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "SEGMENT", 2)
    ids = [done() for _ in range(3)]
    events = list(Event.objects.order_by("pk").values_list("pk", flat=True))
    assert seal_audit() == -(-(len(ids) + len(events)) // 2)
    chain = list(Seal.objects.order_by("number"))
    assert [one.number for one in chain] == list(range(1, len(chain) + 1))
    assert [one.previous for one in chain] == [GENESIS, *(one.digest for one in chain[:-1])]
    assert (chain[0].first_query, chain[0].last_query) == (1, ids[1])
    assert (chain[-1].last_query, chain[-1].last_event) == (ids[-1], events[-1])
    assert sum(one.queries for one in chain) == len(ids)
    assert sum(one.events for one in chain) == len(events)
    assert head() == seals.Head(chain[-1].number, chain[-1].digest)


@pytest.mark.proves("SEAL-CHAIN")
def test_nothing_new_makes_no_seal(done: Callable[[], int]) -> None:
    assert head() is None
    done()
    assert seal_audit() == 1
    assert seal_audit() == 0


@pytest.mark.proves("SEAL-CHAIN")
def test_digest_is_the_sha_256_of_the_canonical_header_over_the_leaves(
    done: Callable[[], int],
) -> None:
    done()
    seal_audit()
    seal = Seal.objects.get()
    assert seal.leaves is not None
    header = {
        "format": "s", "v": 1, "number": 1, "sealed_at": canonical.moment(seal.sealed_at),
        "first_query": seal.first_query, "last_query": seal.last_query,
        "first_event": seal.first_event, "last_event": seal.last_event,
        "queries": seal.queries, "events": seal.events,
        "content": hashlib.sha256(bytes(seal.leaves)).hexdigest(), "previous": "0" * 64,
    }  # fmt: skip
    text = json.dumps(header, sort_keys=True, separators=(",", ":"))
    assert seal.digest == hashlib.sha256(text.encode()).hexdigest()
    assert len(seal.leaves) == canonical.ENTRY_SIZE * (seal.queries + seal.events)


@pytest.mark.proves("SEAL-RUNNING")
def test_sealing_stops_before_the_first_query_that_still_runs(
    asked: Ask, done: Callable[[], int]
) -> None:
    first = done()
    running = open_query(asked())
    last = done()
    seal_audit()
    assert Seal.objects.order_by("number").last() is not None
    assert Seal.objects.order_by("-number")[0].last_query == first
    close_query(running, asked(), Answered())
    seal_audit()
    assert Seal.objects.order_by("-number")[0].last_query == last


@pytest.mark.proves("SEAL-RUNNING")
@pytest.mark.parametrize("record", ["postgresql"], indirect=True)
def test_row_that_is_committed_after_a_higher_one_is_sealed_all_the_same(record: Record) -> None:
    slow = psycopg2.connect(record.place)
    try:
        slow.cursor().execute(insert())
        record.run(insert())
        assert record.manage("seal_audit").startswith("0 new seals")
        slow.commit()
    finally:
        slow.close()
    assert "1 new seals" in record.manage("seal_audit")
    assert record.run("SELECT queries FROM audit_seal WHERE number = 4") == [(2,)]
    record.verify(ok=True)


@pytest.mark.proves("SEAL-ABANDONED")
def test_row_that_a_crash_left_open_is_closed_as_abandoned_and_sealed(
    asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = now_in.now() - abandoned_after() - timedelta(seconds=5)
    with monkeypatch.context() as clock:
        clock.setattr(now_in, "now", lambda: long_ago)
        left = open_query(asked())
    young = open_query(asked())
    seal_audit()
    row = QueryLog.objects.get(pk=left)
    assert (row.outcome, row.reason) == (Outcome.FAILED, "abandoned")
    assert Seal.objects.get().last_query == left
    assert QueryLog.objects.get(pk=young).outcome == Outcome.RUNNING
    assert close_abandoned() == 0


@pytest.mark.proves("SEAL-ONCE")
def test_second_sealer_stops_quietly(
    done: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    done()
    real = seals._segment

    def overtaken(before: Seal | None, ends: seals._Ends) -> Seal | None:
        mine = real(before, ends)
        theirs = real(before, ends)
        if theirs is not None:
            theirs.save(force_insert=True)
        return mine

    monkeypatch.setattr(seals, "_segment", overtaken)
    assert seal_audit() == 0
    assert Seal.objects.count() == 1


@pytest.mark.proves("SEAL-ONCE")
def test_many_processes_that_seal_at_once_make_one_chain(record: Record) -> None:
    record.tamper("DELETE FROM audit_seal")
    name = "APP_DB_FILE" if record.is_sqlite else "APP_DATABASE_URL"
    sealing: list[subprocess.Popen[str]] = [
        start({name: record.place}, "manage.py", "seal_audit") for _ in range(3)
    ]
    for process in sealing:
        finished(process)
    record.manage("seal_audit")
    record.verify(ok=True)
    [(seals_made,)] = record.run("SELECT count(*) FROM audit_seal")
    assert seals_made == 3


@pytest.mark.proves("SEAL-LINE")
def test_each_seal_is_printed_so_that_its_head_is_kept_in_the_log(
    done: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    done()
    caplog.clear()
    seal_audit()
    seal = Seal.objects.get()
    printed = set(caplog.messages)
    assert printed == {
        f"seal=1 digest={seal.digest} previous={GENESIS} queries=1-{seal.last_query} "
        f"events=1-{seal.last_event}"
    }
    assert logged_heads(caplog.messages) == {1: {seal.digest}}


DIGEST = "ab" * 32
SEALED = f"seal=12 digest={DIGEST} previous={'0' * 64} queries=1-2 events=3-2"


@pytest.mark.proves("SEAL-LINE")
@pytest.mark.parametrize(
    "line",
    [
        SEALED,
        f"2026-11-22 10:00:00,000 {SEALED}\r\n",
        f"Nov 22 10:00:00 host-1 fleetmcp[12]: 2026-11-22 10:00:00,000 {SEALED}\n",
        f"web-1  | 2026-11-22 10:00:00,000 {SEALED}",
        f"2026-11-22T10:00:00.123456789Z 2026-11-22 10:00:00,000 {SEALED}",
        f"12:{DIGEST}\n",
        json.dumps({"time": "x", "logger": "fleetmcp.audit", "seal": 12, "digest": DIGEST}),
    ],
)
def test_heads_are_read_out_of_any_log(line: str) -> None:
    assert logged_heads(["2026 query=9 caller=x", line]) == {12: {DIGEST}}


@pytest.mark.proves("SEAL-LINE-WHOLE")
@pytest.mark.parametrize(
    "line",
    [
        f'2026-11-22 10:00:00,000 query=9 caller="x" tool="query" sql="SELECT 1 -- {SEALED}"',
        f'2026-11-22 10:00:00,000 query=9 caller="x" tool="query" sql={SEALED}',
        f"2026-11-22 10:00:00,000 WARNING django.security.csrf Forbidden: {SEALED}",
        f"2026-11-22 10:00:00,000 Not Found /{SEALED}",
        f"2026-11-22 10:00:00,000 {SEALED} and more",
        f"  12:{DIGEST}",
        f"note: 12:{DIGEST}",
        f"2026-11-22 10:00:00,000 seal=12 digest={DIGEST}",
        json.dumps({"logger": "fleetmcp.audit", "sql": SEALED, "x": {"seal": 1, "digest": DIGEST}}),
        json.dumps({"logger": "other", "seal": 12, "digest": DIGEST}),
        json.dumps({"logger": "fleetmcp.audit", "seal": True, "digest": DIGEST}),
        json.dumps({"logger": "fleetmcp.audit", "seal": 12, "digest": DIGEST[:16]}),
        '{"seal"', "[" * 100_000, '{"seal": ' + "[" * 100_000,
    ],
)  # fmt: skip
def test_text_that_somebody_chose_is_no_head(line: str) -> None:
    assert logged_heads([line]) == {}


@pytest.mark.proves("SEAL-LINE-WHOLE")
def test_line_of_a_query_that_looks_like_a_seal_accuses_nobody(
    asked: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    query_id = open_query(asked(sql=f"SELECT 1 -- {SEALED} \n{SEALED}\n 77:{DIGEST}"))
    close_query(query_id, asked(sql=f"SELECT 1 -- {SEALED} \n{SEALED}\n 77:{DIGEST}"), Answered())
    seal_audit()
    assert logged_heads(caplog.messages).keys() == {1}


@pytest.mark.proves("SEAL-LINE")
def test_file_without_any_seal_is_refused_and_not_taken_for_proof(
    sqlite_record: Record, tmp_path: Path
) -> None:
    log = tmp_path / "server.log"
    log.write_text(f"note: 12:{DIGEST}\n")
    said = sqlite_record.manage("verify_audit", "--heads", str(log), code=1)
    assert "holds no seal" in said


@pytest.mark.proves("SEAL-CANONICAL")
def test_record_of_a_query_holds_every_column_and_what_was_touched(asked: Ask, otto: User) -> None:
    objects = [
        CatalogObject.objects.create(schema="tracksolid", name=name, column="", kind=kind)
        for name, kind in (("trips", ObjectKind.TABLE), ("drivers", ObjectKind.TABLE))
    ]
    query_id = open_query(asked())
    for one in objects:
        TouchedObject.objects.create(query_id=query_id, object=one, direct=one is objects[0])
    close_query(query_id, asked(), Answered(rows=1))
    [record] = query_records(query_id, query_id)
    # A token came, so the record says nothing of a connection: version 2 does.
    columns = {field.column for field in QueryLog._meta.concrete_fields} - {"connection_id"}
    assert set(record) == columns | {"format", "v", "touched"}
    assert record["touched"] == [
        ["table", "tracksolid", "drivers", "", False],
        ["table", "tracksolid", "trips", "", True],
    ]
    record_event(EventKind.REVIEWED, "x", actor=otto, details={"a": 1})
    event = list(event_records(1, 10**6))[-1]
    columns = {field.column for field in Event._meta.concrete_fields} - {"connection_id"}
    assert set(event) == columns | {"format", "v"}


@pytest.mark.proves("SEAL-CANONICAL")
def test_moment_is_the_same_text_in_whatever_zone_it_was_read() -> None:
    at = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert canonical.moment(at) == "2026-11-22T10:00:00.000000Z"
    assert canonical.moment(at.astimezone(timezone(timedelta(hours=3)))) == canonical.moment(at)


@pytest.mark.proves("SEAL-CANONICAL")
def test_same_history_has_the_same_leaves_on_both_databases(
    sqlite_record: Record, postgresql_record: Record, tmp_path: object
) -> None:
    code = (
        "from audit.segments import query_records as q; from audit.canonical import canonical as c;"
        "import re; print(*(re.sub(r'\"token_id\":\\d+|\"user_id\":\\d+', '', c(r).decode())"
        " for r in q(1, 300)), sep='\\n')"
    )
    texts = [one.manage("shell", "-v0", "-c", code) for one in (sqlite_record, postgresql_record)]
    assert texts[0].count("\n") == 299
    assert texts[0] == texts[1]


@pytest.mark.proves("SEAL-CHAIN")
def test_two_seals_can_not_have_one_number(done: Callable[[], int]) -> None:
    done()
    seal_audit()
    again = Seal.objects.values().get()
    with pytest.raises(IntegrityError):
        Seal.objects.create(**{**again, "id": None, "digest": "f" * 64})
