"""Leads see the queries of their teams, auditors and superusers all, others none: on every way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from accounts.models import AnalystToken, Membership, Team, User
from accounts.services import issue_token
from audit.models import CatalogObject, QueryLog, TouchedObject
from audit.services import Asked, open_query
from tests.audit.pages import LIST, listed, signed_in

Ask = Callable[..., Asked]


@pytest.fixture
def bobs_token(bob: User) -> AnalystToken:
    """Bob's token."""
    return issue_token(user=bob, label="desk").token


@pytest.fixture
def rows(asked: Ask, bob: User, bobs_token: AnalystToken) -> tuple[int, int]:
    """A query of Alice's and one of Bob's: the same statement, the same object."""
    theirs = {"user_id": bob.pk, "token_id": bobs_token.pk, "username": "bob"}
    hers, his = (
        open_query(asked(sql="SELECT phone")),
        open_query(asked(sql="SELECT phone", **theirs)),
    )
    phone = CatalogObject.objects.create(
        kind="column", schema="tracksolid", name="drivers", column="phone"
    )
    TouchedObject.objects.bulk_create(
        TouchedObject(query_id=query, object=phone) for query in (hers, his)
    )
    return hers, his


@pytest.mark.proves("AUDIT-VISIBLE")
def test_lead_finds_her_teams_rows_and_no_others_by_any_filter(
    rows: tuple[int, int], tess: User, alice: User, bob: User, bobs_token: AnalystToken
) -> None:
    client, (hers, _) = signed_in(tess), rows
    assert listed(client) == [hers]
    assert listed(client, q="phone") == [hers]
    assert listed(client, object="tracksolid.drivers.phone") == [hers]
    assert listed(client, outcome="running") == [hers]
    assert listed(client, user=alice.pk) == [hers]
    assert listed(client, user=bob.pk) == []
    assert listed(client, token=bobs_token.pk) == []
    finance = Membership.objects.get(user=bob).team_id
    assert listed(client, team=finance) == []
    assert listed(client, before=10**9) == [hers]


@pytest.mark.proves("AUDIT-VISIBLE")
def test_auditor_and_superuser_see_everyones_rows(
    rows: tuple[int, int], otto: User, sue: User, bob: User
) -> None:
    for viewer in (otto, sue):
        assert listed(signed_in(viewer)) == [rows[1], rows[0]]
        assert listed(signed_in(viewer), user=bob.pk) == [rows[1]]


@pytest.mark.proves("AUDIT-VISIBLE")
def test_row_of_somebody_elses_team_looks_like_one_that_is_not_there(
    rows: tuple[int, int], tess: User
) -> None:
    client = signed_in(tess)
    address = "admin:audit_querylog_change"
    statuses = [client.get(reverse(address, args=[pk])).status_code for pk in (*rows, 4711)]
    assert statuses == [200, 404, 404]
    assert client.get(reverse(address, args=["x"])).status_code == 404


@pytest.mark.proves("AUDIT-VISIBLE")
def test_row_page_relates_only_rows_that_the_viewer_may_see(
    rows: tuple[int, int], tess: User, otto: User
) -> None:
    QueryLog.objects.update(fingerprint="cafe")
    address = reverse("admin:audit_querylog_change", args=[rows[0]])
    other = reverse("admin:audit_querylog_change", args=[rows[1]])
    assert other in signed_in(otto).get(address).content.decode()
    assert other not in signed_in(tess).get(address).content.decode()


@pytest.mark.proves("AUDIT-VISIBLE")
def test_form_offers_only_people_and_teams_that_the_viewer_may_see(
    rows: tuple[int, int], tess: User, otto: User, bob: User
) -> None:
    for viewer, offered in ((tess, False), (otto, True)):
        shown = signed_in(viewer).get(reverse(LIST)).content.decode()
        assert (">bob</option>" in shown) is offered
        assert (">Finance</option>" in shown) is offered
        assert ">alice</option>" in shown


@pytest.mark.proves("AUDIT-VISIBLE")
def test_analyst_and_intruder_get_nowhere(
    rows: tuple[int, int], alice: User, ivan: User, dispatch: Team
) -> None:
    for person in (alice, ivan):
        client = signed_in(person)
        for name in ("querylog", "event", "seal", "catalogobject"):
            assert client.get(reverse(f"admin:audit_{name}_changelist")).status_code == 302
        assert client.get(reverse("admin:audit_running")).status_code == 302


@pytest.mark.proves("AUDIT-VISIBLE")
def test_events_seals_and_objects_are_the_auditors(tess: User, otto: User) -> None:
    for name in ("event", "seal", "catalogobject"):
        address = reverse(f"admin:audit_{name}_changelist")
        assert signed_in(tess).get(address).status_code == 403
        assert signed_in(otto).get(address).status_code == 200
