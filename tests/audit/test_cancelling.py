"""Marks on running rows, by which any process can stop what another one runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import AnalystToken
from accounts.services import ensure_analyst, issue_token
from audit.cancelling import cancel_requested, request_cancel, request_cancel_of_call
from audit.models import QueryLog
from audit.services import Answered, Asked, close_query, open_query

Ask = Callable[..., Asked]


@pytest.mark.proves("CANCEL-MARK")
def test_running_query_is_marked_and_its_process_learns_by_whom(asked: Ask) -> None:
    query_id = open_query(asked())
    assert cancel_requested([query_id]) == {}
    assert request_cancel(query_id=query_id, by="tess")
    assert cancel_requested([query_id]) == {query_id: "tess"}
    row = QueryLog.objects.get(pk=query_id)
    assert row.cancel_requested_at is not None
    assert row.outcome == "running"


@pytest.mark.proves("CANCEL-MARK")
def test_who_asked_first_stays_on_the_row(asked: Ask) -> None:
    query_id = open_query(asked())
    assert request_cancel(query_id=query_id, by="tess")
    first = QueryLog.objects.get(pk=query_id).cancel_requested_at
    assert request_cancel(query_id=query_id, by="otto")
    row = QueryLog.objects.get(pk=query_id)
    assert (row.cancel_requested_by, row.cancel_requested_at) == ("tess", first)


@pytest.mark.proves("CANCEL-MARK")
def test_query_that_has_ended_or_never_was_is_not_marked(asked: Ask) -> None:
    query_id = open_query(asked())
    close_query(query_id, asked(), Answered())
    before = QueryLog.objects.values().get()
    assert not request_cancel(query_id=query_id, by="tess")
    assert not request_cancel(query_id=4711, by="tess")
    assert QueryLog.objects.values().get() == before
    assert cancel_requested([query_id, 4711]) == {}


@pytest.mark.proves("CANCEL-MARK")
def test_mark_stays_when_the_row_is_closed(asked: Ask) -> None:
    query_id = open_query(asked())
    request_cancel(query_id=query_id, by="tess")
    close_query(query_id, asked(), Answered())
    assert QueryLog.objects.get().cancel_requested_by == "tess"


@pytest.mark.proves("CANCEL-MARK")
def test_odd_words_are_stored_as_everywhere_in_the_record(asked: Ask) -> None:
    query_id = open_query(asked(rpc_id="\x00" * 64))
    assert request_cancel(query_id=query_id, by="\x00" * 200)
    row = QueryLog.objects.get()
    assert row.cancel_requested_by == (r"\u0000" * 200)[:150]
    assert row.rpc_id == (r"\u0000" * 64)[:64]
    assert request_cancel_of_call(token_id=row.token_id, rpc_id="\x00" * 64, by="alice")


@pytest.mark.proves("CANCEL-CALL")
def test_client_cancels_its_own_call_by_its_id_and_no_other(
    asked: Ask, token: AnalystToken
) -> None:
    bob = ensure_analyst(username="bob")
    theirs = {"user_id": bob.pk, "token_id": issue_token(user=bob, label="desk").token.pk}
    mine, other = open_query(asked(rpc_id="7")), open_query(asked(rpc_id="8"))
    bobs = open_query(asked(rpc_id="7", **theirs))
    assert request_cancel_of_call(token_id=token.pk, rpc_id="7", by="client")
    assert cancel_requested([mine, other, bobs]) == {mine: "client"}


@pytest.mark.proves("CANCEL-CALL")
def test_earlier_call_of_the_same_id_is_left_as_it_ended(asked: Ask, token: AnalystToken) -> None:
    old = open_query(asked(rpc_id="7"))
    close_query(old, asked(), Answered())
    assert not request_cancel_of_call(token_id=token.pk, rpc_id="7", by="client")
    new = open_query(asked(rpc_id="7"))
    assert request_cancel_of_call(token_id=token.pk, rpc_id="7", by="client")
    assert cancel_requested([old, new]) == {new: "client"}


@pytest.mark.proves("CANCEL-CALL")
def test_call_without_an_id_can_not_be_meant(asked: Ask, token: AnalystToken) -> None:
    query_id = open_query(asked())
    assert not request_cancel_of_call(token_id=token.pk, rpc_id="", by="client")
    assert cancel_requested([query_id]) == {}


@pytest.mark.proves("CANCEL-WATCH")
def test_watching_many_queries_costs_one_query_and_watching_none_costs_none(
    asked: Ask, django_assert_num_queries: Any
) -> None:
    ids = [open_query(asked()) for _ in range(20)]
    request_cancel(query_id=ids[3], by="tess")
    with django_assert_num_queries(1):
        assert cancel_requested(ids) == {ids[3]: "tess"}
    with django_assert_num_queries(0):
        assert cancel_requested([]) == {}
