"""Every filter of the query history, alone and together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.admin import newest
from audit.models import CatalogObject, QueryLog, TouchedObject
from audit.services import Asked, open_query
from audit.triggers import drop_triggers
from tests.audit.pages import LIST, listed, signed_in

Ask = Callable[..., Asked]


@pytest.fixture
def client(otto: User) -> Client:
    """The auditor's browser."""
    return signed_in(otto)


def closed(asked: Asked, started_at: datetime | None = None, **columns: object) -> int:
    """Return the id of a row with these columns, whatever a real one could have."""
    drop_triggers(using="default")
    query_id = open_query(asked)
    changes = columns | ({"started_at": started_at} if started_at else {})
    QueryLog.objects.filter(pk=query_id).update(**{"outcome": "ok", **changes})
    return query_id


@pytest.mark.proves("AUDIT-FILTERS")
def test_each_filter_finds_its_row_and_no_other(client: Client, asked: Ask, alice: User) -> None:
    closed(asked(), fingerprint="aaaa", rows=1, duration_ms=5)
    tool = closed(asked(tool="list_schemas"))
    refused = closed(asked(), outcome="refused", reason="not_select")
    same = closed(asked(), fingerprint="beef")
    slow = closed(asked(), duration_ms=1000)
    slower = closed(asked(), duration_ms=10_500)
    large = closed(asked(), rows=1000)
    assert listed(client, tool="list_schemas") == [tool]
    assert listed(client, outcome="refused") == [refused]
    assert listed(client, reason="not_select") == [refused]
    assert listed(client, fingerprint="beef") == [same]
    assert listed(client, slow=1) == [slower, slow]
    assert listed(client, slow=10.2) == [slower]
    assert listed(client, large=1000) == [large]
    assert listed(client, large=1000, slow=1) == []
    assert listed(client, user=alice.pk, slow=1, outcome="ok") == [slower, slow]


@pytest.mark.proves("AUDIT-FILTERS")
def test_admins_usual_words_for_a_person_mean_the_same(
    client: Client, asked: Ask, alice: User, bob: User
) -> None:
    row = closed(asked())
    for word in ("user", "user_id", "user__exact", "user__id__exact"):
        assert listed(client, **{word: alice.pk}) == [row]
        assert listed(client, **{word: bob.pk}) == []


@pytest.mark.proves("AUDIT-FILTERS")
def test_periods_and_days_bound_the_list(client: Client, asked: Ask) -> None:
    now = timezone.now()
    old = closed(asked(), started_at=datetime(2026, 1, 5, 23, 59, 59, tzinfo=UTC))
    month = closed(asked(), started_at=now - timedelta(days=20))
    today = closed(asked())
    assert listed(client, period="today") == [today]
    assert listed(client, period="30d") == [today, month]
    assert listed(client, **{"from": "2026-01-05", "to": "2026-01-05"}) == [old]
    assert listed(client, **{"to": "2026-01-04"}) == []
    assert listed(client, **{"from": "2026-01-06"}) == [today, month]
    assert listed(client, **{"from": "2099-01-01"}) == []


@pytest.mark.proves("AUDIT-FILTERS")
def test_who_ever_read_an_object_is_one_address(client: Client, asked: Ask) -> None:
    read, _ = open_query(asked()), open_query(asked())
    table = {"schema": "tracksolid", "name": "drivers"}
    for kind, column in (("table", ""), ("column", "phone")):
        made = CatalogObject.objects.create(kind=kind, column=column, **table)
        TouchedObject.objects.create(query_id=read, object=made)
    CatalogObject.objects.create(kind="column", column="name", **table)
    assert listed(client, object="tracksolid.drivers") == [read]
    assert listed(client, object="tracksolid.drivers.phone") == [read]
    assert listed(client, object="tracksolid.drivers.name") == []
    shown = client.get(reverse(LIST), {"object": "no.such.thing"}).content.decode()
    assert "No query has read an object of that name" in shown


@pytest.mark.proves("AUDIT-FILTERS")
def test_words_that_are_no_filter_are_ignored_and_wrong_ones_find_nothing(
    client: Client, asked: Ask
) -> None:
    row = closed(asked())
    assert listed(client, user__password__startswith="p", bogus=1, o="3.-1") == [row]
    for wrong in ({"user": "x"}, {"from": "yesterday"}, {"slow": "-1"}, {"outcome": "what"}):
        assert listed(client, **wrong) == []
    assert listed(client, p="99", before="x") == [row]


@pytest.mark.proves("AUDIT-LIST-BOUNDED")
def test_long_list_is_counted_so_far_and_goes_on_with_older_rows(
    client: Client, asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.admin.newest.MOST", 120)
    monkeypatch.setattr("audit.admin.queries.MOST", 120)
    ids = [open_query(asked()) for _ in range(130)][::-1]
    assert listed(client) == ids[:50]
    assert listed(client, p=3) == ids[100:120]
    first = client.get(reverse(LIST)).content.decode()
    assert "more than 120 queries" in first
    assert f"?before={ids[119]}" in first
    assert listed(client, before=ids[119]) == ids[120:]


@pytest.mark.proves("AUDIT-LIST-BOUNDED")
def test_search_that_takes_too_long_stops_says_so_and_can_be_continued(
    client: Client, asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "_FIRST", 2)
    monkeypatch.setattr(newest, "_SECONDS", -1)
    oldest, *_, kept, _ = (open_query(asked(tool=tool)) for tool in ("query",) * 3 + ("x",) * 2)
    answer = client.get(reverse(LIST), {"tool": "query"}).content.decode()
    assert f"looked back as far as query {kept}" in answer
    assert f"before={kept}" in answer
    assert listed(client, tool="query", before=kept) == [kept - 1, kept - 2]
    assert oldest == kept - 3


@pytest.mark.proves("AUDIT-LIST-BOUNDED")
def test_rows_far_apart_are_found_stretch_by_stretch_without_a_gap(
    client: Client, asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "_FIRST", 2)
    monkeypatch.setattr(newest, "_NEXT", 3)
    ids = [open_query(asked(sql=f"SELECT {n} FROM somewhere")) for n in range(23)][::-1]
    assert listed(client) == ids
    assert listed(client, q="somewhere") == ids
    assert listed(client, q="somewhere 22") == ids[:1]
    assert listed(client, q='"22 FROM"') == ids[:1]


@pytest.mark.proves("AUDIT-ADMIN-QUERIES")
def test_filters_cost_the_same_number_of_queries_however_many_rows_there_are(
    client: Client, asked: Ask, alice: User
) -> None:
    words = {"user": str(alice.pk), "q": "select", "period": "7d", "outcome": "running"}
    costs = []
    for more in (2, 60):
        for _ in range(more):
            open_query(asked())
        with CaptureQueriesContext(connection) as captured:
            assert listed(client, **words)
        costs.append(len(captured))
    assert costs[0] == costs[1]
    assert costs[0] < 25
