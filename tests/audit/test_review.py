"""The access review, and what the lead's lists count from the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.authentication import authenticate
from accounts.models import AnalystToken, Application, Connection, User
from accounts.services import issue_token
from audit.models import CatalogObject, Event, ObjectKind, TouchedObject
from audit.review import Decisions, ReviewRefused, conduct_review, holders
from audit.services import Answered, Asked, close_query, open_query

Ask = Callable[..., Asked]
PAGE = "admin:audit_review"
TOKENS = "admin:accounts_analysttoken_changelist"


@pytest.fixture
def tess_client(client: Client, tess: User) -> Client:
    """A browser in which the team lead is signed in."""
    client.force_login(tess)
    return client


def asked_rows(asked: Ask, number: int, **columns: Any) -> list[int]:
    """Write that many closed queries of three rows each, which read one table."""
    table, _ = CatalogObject.objects.get_or_create(
        kind=ObjectKind.TABLE, schema="tracksolid", name="devices"
    )
    made = []
    for _ in range(number):
        query_id = open_query(asked(**columns))
        TouchedObject.objects.create(query_id=query_id, object=table)
        close_query(query_id, asked(), Answered(rows=3))
        made.append(query_id)
    return made


def decided(token: AnalystToken, decision: str, **more: str) -> dict[str, str]:
    return {f"token_{token.pk}": decision, "reason": "", **more}


@pytest.mark.proves("REVIEW-PAGE")
def test_review_shows_who_has_what_and_what_they_used_it_for(
    tess_client: Client, asked: Ask, token: AnalystToken, bob: User
) -> None:
    asked_rows(asked, 2)
    theirs = issue_token(user=bob, label="desk").token
    page = tess_client.get(reverse(PAGE)).content.decode()
    assert "You have not reviewed access yet" in page
    assert "tracksolid.devices (2)" in page
    assert token.prefix in page
    assert theirs.prefix not in page
    found = holders(User.objects.get(username="tess"), [token.user])[0]
    assert (found.queries, found.rows, found.tables) == (2, 6, [("tracksolid.devices", 2)])


@pytest.mark.proves("REVIEW-DECIDE")
def test_lead_keeps_and_revokes_in_one_pass_and_it_is_recorded(
    tess_client: Client, tess: User, alice: User
) -> None:
    keep, lose = (issue_token(user=alice, label=name) for name in ("laptop", "old desk"))
    form = {**decided(keep.token, "keep"), **decided(lose.token, "revoke"), "reason": "not used"}
    page = tess_client.post(reverse(PAGE), form).content.decode()
    assert "Revoke: 1" in page
    assert authenticate(f"Bearer {lose.secret}")
    response = tess_client.post(reverse(PAGE), {**form, "confirmed": "yes"})
    assert response.status_code == 302
    assert authenticate(f"Bearer {keep.secret}")
    assert authenticate(f"Bearer {lose.secret}") is None
    event = Event.objects.get(kind="reviewed")
    assert event.actor == tess
    details = json.loads(event.details)
    assert [one["token"] for one in details["kept"]] == [keep.token.pk]
    assert [one["token"] for one in details["revoked"]] == [lose.token.pk]
    assert (details["reason"], lose.token.digest in event.details) == ("not used", False)
    revoked = AnalystToken.objects.get(pk=lose.token.pk)
    assert (revoked.revoked_by, revoked.revoke_reason) == (tess, "not used")
    assert "Your last review" in tess_client.get(reverse(PAGE)).content.decode()


@pytest.mark.proves("REVIEW-DECIDE")
@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}])
def test_revoking_needs_a_reason_of_one_line(
    tess_client: Client, token: AnalystToken, confirmed: dict[str, str]
) -> None:
    for reason in ("", " "):
        form = {**decided(token, "revoke"), "reason": reason, **confirmed}
        assert "Give a reason" in tess_client.post(reverse(PAGE), form).content.decode()
    hostile = {**decided(token, "revoke"), "reason": "a\u202eb", "confirmed": "yes"}
    assert "one line" in tess_client.post(reverse(PAGE), hostile).content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None
    assert not Event.objects.filter(kind="reviewed").exists()


@pytest.mark.proves("REVIEW-DECIDE")
def test_foreign_dead_unknown_or_undecided_tokens_undo_the_whole_review(
    tess_client: Client, tess: User, token: AnalystToken, bob: User
) -> None:
    theirs = issue_token(user=bob, label="desk").token
    expired = issue_token(user=token.user, label="old").token
    AnalystToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    bad = [{f"token_{theirs.pk}": "revoke"}, {f"token_{expired.pk}": "keep"}, {"token_99": "keep"}]
    bad += [{"token_x": "keep"}, {f"token_{2**64}": "keep"}, {f"token_{token.pk}": "perhaps"}]
    for words in bad:
        form = {**decided(token, "revoke"), "reason": "left", "confirmed": "yes", **words}
        page = tess_client.post(reverse(PAGE), form).content.decode()
        assert "changed meanwhile" in page
    with pytest.raises(ReviewRefused):
        conduct_review(lead=tess, decisions=Decisions([], [theirs], "mischief"))
    with pytest.raises(ReviewRefused):
        conduct_review(lead=tess, decisions=Decisions([], []))
    assert not AnalystToken.objects.filter(revoked_at__isnull=False).exists()
    assert not Event.objects.filter(kind="reviewed").exists()


@pytest.mark.proves("REVIEW-PAGE")
def test_hostile_words_arrive_escaped(tess_client: Client, alice: User) -> None:
    token = issue_token(user=alice, label="<script>alert(1)</script>").token
    form = {**decided(token, "revoke"), "reason": "<script>alert(2)</script>"}
    for page in (tess_client.get(reverse(PAGE)), tess_client.post(reverse(PAGE), form)):
        assert "<script>alert" not in page.content.decode()
        assert "&lt;script&gt;alert" in page.content.decode()


@pytest.mark.proves("TOKEN-ADMIN-LIST")
def test_list_of_tokens_counts_the_queries_of_thirty_days_in_constant_queries(
    tess_client: Client, asked: Ask, token: AnalystToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = timezone.now() - timedelta(days=31)
    with monkeypatch.context() as then:
        then.setattr("django.utils.timezone.now", lambda: old)
        asked_rows(asked, 2)
    asked_rows(asked, 3)
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            page = tess_client.get(reverse(TOKENS))
        costs.append(len(queries))
        counted = {one.pk: one.recent_queries for one in page.context["cl"].result_list}
        assert counted[token.pk] == 3
        for _ in range(10):
            issue_token(user=token.user, label="more")
    assert costs[0] == costs[1]


@pytest.fixture
def connection_of() -> Callable[[User], Connection]:
    """Return a function that connects a program for a person."""

    def connect(person: User) -> Connection:
        now = timezone.now()
        return Connection.objects.create(
            user=person,
            application=Application.objects.create(name="Claude", client_id=person.username),
            client_name="Claude",
            redirect_host="claude.ai",
            code_digest=person.username,
            expires_at=now + timedelta(days=3),
            ends_at=now + timedelta(days=9),
        )

    return connect


@pytest.mark.proves("REVIEW-CONNECTIONS")
def test_person_with_nothing_but_a_connection_is_reviewed_and_loses_it(
    tess_client: Client, alice: User, connection_of: Callable[[User], Connection]
) -> None:
    mine = connection_of(alice)
    page = tess_client.get(reverse(PAGE)).content.decode()
    assert f'name="connection_{mine.pk}"' in page
    form = {f"connection_{mine.pk}": "revoke", "reason": "not used"}
    assert "Revoke: 1" in tess_client.post(reverse(PAGE), form).content.decode()
    assert tess_client.post(reverse(PAGE), {**form, "confirmed": "yes"}).status_code == 302
    mine.refresh_from_db()
    assert mine.revoke_reason == "not used"
    details = json.loads(Event.objects.get(kind="reviewed").details)
    assert details["revoked"] == [{"connection": mine.pk, "label": "Claude", "owner": "alice"}]
    assert "Nobody of yours" in tess_client.get(reverse(PAGE)).content.decode()


@pytest.mark.proves("REVIEW-CONNECTIONS")
def test_connection_of_another_team_or_of_a_client_that_is_off_is_not_for_the_lead(
    tess_client: Client, alice: User, bob: User, connection_of: Callable[[User], Connection]
) -> None:
    theirs, off = connection_of(bob), connection_of(alice)
    Application.objects.filter(pk=off.application_id).update(disabled_at=timezone.now())
    assert "connection_" not in tess_client.get(reverse(PAGE)).content.decode()
    for one in (theirs, off):
        form = {f"connection_{one.pk}": "revoke", "reason": "x", "confirmed": "yes"}
        assert "changed meanwhile" in tess_client.post(reverse(PAGE), form).content.decode()
    assert not Connection.objects.filter(revoked_at__isnull=False).exists()
