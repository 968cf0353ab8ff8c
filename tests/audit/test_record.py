"""The record of a call: opened before, closed once, readable whatever the call held."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.db.models import ProtectedError
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import AnalystToken, User
from audit import services
from audit.models import Outcome, QueryLog
from audit.services import AlreadyClosed, Answered, Asked, close_query, open_query
from audit.storable import storable

Ask = Callable[..., Asked]
DONE = Answered(
    outcome=Outcome.FAILED,
    reason="database_error",
    sqlstate="42P01",
    rows=3,
    bytes=120,
    truncated=True,
    duration_ms=17,
)
HOSTILE = (
    'SELECT 1\r\nquery=9 caller="bob"\x00\x0b\x0c\x1b[2J\x1c\x1d\x1e\x7f\x85\x9b'
    "\u2028\u2029\u202e\ufeff"
)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Return what the handler that the settings give the audit logger printed since last asked."""
    handler = logging.getLogger("fleetmcp.audit").handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    printed = io.StringIO()
    monkeypatch.setattr(handler, "stream", printed)

    def since() -> str:
        text = printed.getvalue()
        printed.seek(0)
        printed.truncate()
        return text

    return since


def row(query_id: int) -> dict[str, object]:
    """Return all columns of a row."""
    return dict(QueryLog.objects.filter(pk=query_id).values().get())


@pytest.mark.proves("AUDIT-OPEN")
def test_open_row_says_who_asks_what_from_where_and_that_it_runs(
    asked: Ask, alice: User, token: AnalystToken, lines: Callable[[], str]
) -> None:
    log = QueryLog.objects.get(pk=open_query(asked()))
    assert (log.user, log.token, log.tool, log.sql) == (alice, token, "query", "SELECT 1")
    assert (log.client, log.ip, log.request_id) == ("claude-code/2.1", "203.0.113.7", "r-1")
    assert log.arguments == '{"sql":"SELECT 1"}'
    assert log.outcome == Outcome.RUNNING
    assert log.started_at is not None
    assert (log.rows, log.bytes, log.duration_ms, log.reason) == (None, None, None, "")
    assert lines() == ""


@pytest.mark.proves("AUDIT-OPEN")
def test_call_whose_row_the_database_refuses_raises_and_leaves_none(asked: Ask) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.execute_wrapper(_refuse):
        open_query(asked())
    assert not QueryLog.objects.exists()


@pytest.mark.proves("AUDIT-CLOSE-ONCE")
def test_closed_row_says_how_the_call_ended_and_keeps_what_was_asked(asked: Ask) -> None:
    query_id = open_query(asked())
    opened = row(query_id)
    close_query(query_id, asked(), DONE)
    ended = {"outcome": "failed", "reason": "database_error", "sqlstate": "42P01", "rows": 3}
    ended |= {"bytes": 120, "truncated": True, "duration_ms": 17}
    assert row(query_id) == opened | ended


@pytest.mark.proves("AUDIT-CLOSE-ONCE")
def test_second_close_raises_and_changes_and_prints_nothing(
    asked: Ask, lines: Callable[[], str]
) -> None:
    query_id = open_query(asked())
    close_query(query_id, asked(), DONE)
    closed = row(query_id)
    assert lines().count("\n") == 1
    with pytest.raises(AlreadyClosed):
        close_query(query_id, asked(sql="SELECT 2"), Answered(rows=99))
    assert row(query_id) == closed
    assert lines() == ""


@pytest.mark.proves("AUDIT-CLOSE-ONCE")
def test_close_of_a_row_that_was_never_opened_raises_and_writes_none(asked: Ask) -> None:
    with pytest.raises(AlreadyClosed):
        close_query(4711, asked(), DONE)
    assert not QueryLog.objects.exists()


@pytest.mark.proves("AUDIT-CLOSE-ONCE")
def test_close_touches_no_other_row(asked: Ask) -> None:
    first, second = open_query(asked()), open_query(asked())
    close_query(first, asked(), DONE)
    assert row(second)["outcome"] == "running"


@pytest.mark.proves("AUDIT-STORABLE")
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\x00b", r"a\u0000b"),
        ("a\ud800b\udfff", r"a\ud800b\udfff"),
        ("naïve 🚚 \u202e\u2028\r\n\t", "naïve 🚚 \u202e\u2028\r\n\t"),
        ("x" * 1_000_000 + "🚚", "x" * 1_000_000 + "🚚"),
    ],
)
def test_text_is_stored_whole_with_what_no_database_takes_spelled_out(
    asked: Ask, text: str, stored: str
) -> None:
    log = QueryLog.objects.get(pk=open_query(asked(sql=text, arguments=text)))
    assert log.sql == stored
    assert log.arguments == stored


@pytest.mark.proves("AUDIT-STORABLE")
@settings(deadline=None)
@given(st.text() | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Zl", "Zp"])))
def test_whatever_text_comes_in_it_can_be_stored(text: str) -> None:
    stored = storable(text)
    assert "\x00" not in stored
    stored.encode()
    assert stored == text or {"\x00"} & set(text) or any("\ud800" <= c <= "\udfff" for c in text)


@pytest.mark.proves("AUDIT-STORABLE")
def test_over_long_words_are_cut_to_their_columns(asked: Ask) -> None:
    long = asked(tool="t" * 70_000, client="c\x00" * 500, request_id="r" * 500)
    query_id = open_query(long)
    close_query(
        query_id, long, Answered(outcome=Outcome.FAILED, reason="x" * 99, sqlstate="123456")
    )
    log = QueryLog.objects.get(pk=query_id)
    assert (log.tool, log.request_id) == ("t" * 64, "r" * 64)
    assert log.client == (r"c\u0000" * 500)[:200]
    assert (log.reason, log.sqlstate) == ("x" * 40, "12345")
    for field in QueryLog._meta.get_fields():
        if isinstance(field, models.CharField):
            assert field.max_length is not None
            assert len(getattr(log, field.name)) <= field.max_length


@pytest.mark.proves("AUDIT-LINE")
@pytest.mark.parametrize("where", ["sql", "tool", "username", "arguments"])
def test_close_prints_one_printable_line_whatever_the_call_holds(
    asked: Ask, lines: Callable[[], str], where: str
) -> None:
    hostile = asked(**{"sql": "", where: HOSTILE + "\ud800"})
    close_query(open_query(hostile), hostile, DONE)
    printed = lines()
    assert printed.endswith("\n")
    assert len(printed.splitlines()) == 1
    assert printed[:-1].isprintable()
    assert printed.isascii()


@pytest.mark.proves("AUDIT-LINE")
@settings(deadline=None)
@given(st.text(st.characters()))
def test_any_text_is_quoted_into_printable_ascii(text: str) -> None:
    quoted = services._quoted(text)
    assert quoted.isascii()
    assert quoted.isprintable()


@pytest.mark.proves("AUDIT-LINE")
def test_line_names_caller_tool_outcome_rows_time_and_sql(
    asked: Ask, lines: Callable[[], str]
) -> None:
    query_id = open_query(asked())
    close_query(query_id, asked(), Answered(rows=0, duration_ms=5))
    assert lines().endswith(
        f' query={query_id} caller="alice" tool="query" outcome=ok reason=- rows=0 ms=5'
        ' sql="SELECT 1"\n'
    )


@pytest.mark.proves("AUDIT-LINE")
def test_line_is_printed_also_when_the_row_cannot_be_closed(
    asked: Ask, lines: Callable[[], str]
) -> None:
    query_id = open_query(asked())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.execute_wrapper(_refuse):
        close_query(query_id, asked(), DONE)
    assert lines().count("\n") == 1
    assert row(query_id)["outcome"] == "running"


@pytest.mark.proves("AUDIT-NO-VALUES")
def test_record_has_no_place_for_the_values_of_a_result() -> None:
    columns = {field.name for field in QueryLog._meta.get_fields()}
    asked = {"id", "started_at", "user", "token", "connection", "tool", "arguments", "sql"}
    ended = {"outcome", "reason", "sqlstate", "rows", "bytes", "truncated", "duration_ms"}
    cancelled = {"rpc_id", "cancel_requested_at", "cancel_requested_by"}
    told = {
        "client",
        "ip",
        "username",
        "limits",
        "fingerprint",
        "waited_ms",
        "database_ms",
        "touched",
    }
    assert columns == asked | ended | {"request_id"} | cancelled | told
    counted = {"rows", "bytes", "duration_ms"}
    assert all(isinstance(QueryLog._meta.get_field(name), models.IntegerField) for name in counted)


@pytest.mark.proves("AUDIT-PROTECT")
def test_person_with_history_cannot_be_deleted(asked: Ask, alice: User) -> None:
    log = QueryLog.objects.get(pk=open_query(asked()))
    with pytest.raises(ProtectedError) as caught:
        alice.delete()
    assert log in caught.value.protected_objects
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.proves("AUDIT-PROTECT")
def test_token_with_history_cannot_be_deleted_even_around_its_own_refusal(
    asked: Ask, token: AnalystToken
) -> None:
    log = QueryLog.objects.get(pk=open_query(asked()))
    with pytest.raises(ProtectedError) as caught, transaction.atomic():
        models.QuerySet(AnalystToken).filter(pk=token.pk).delete()
    assert log in caught.value.protected_objects
    assert AnalystToken.objects.filter(pk=token.pk).exists()


def _refuse(*call: object) -> object:
    raise DatabaseError("disk full")
