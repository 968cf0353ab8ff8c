"""What a lead's and a superuser's pages say by themselves, and what they bear."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AnalystToken, Connection, Membership, Team, User
from accounts.pausing import pause_server
from accounts.people import deactivate_person
from accounts.rotation import rotate_token
from accounts.services import IssuedToken, issue_token
from tests.accounts.test_limits_admin import person_form
from tests.accounts.test_people_admin import members

HOME = "admin:index"
PEOPLE = "admin:accounts_user_changelist"
TOKENS = "admin:accounts_analysttoken_changelist"
TEAM = "admin:accounts_team_change"
# Django's own way to write a moment: in nobody's zone.
ZONELESS = re.compile(r"[A-Z][a-z]{2,8}\.? \d{1,2}, 20\d\d|\d [ap]\.m\.")


def text_of(client: Client, name: str, *words: object, **query: str) -> str:
    """Return the page of that name in one line."""
    reply = client.get(reverse(name, args=words), query)
    assert reply.status_code == 200
    return " ".join(reply.text.split())


@pytest.mark.proves("LEAD-HOME")
def test_first_page_counts_what_ends_soon_in_ones_own_teams_and_tells_of_a_pause(
    tess_client: Client, alice: User, bob: User, sue: User
) -> None:
    for person in (alice, bob):
        issue_token(user=person, label="desk", lifetime=timedelta(days=3))
    page = text_of(tess_client, HOME)
    assert "Tokens that expire soon (1)" in page
    assert "has been paused" not in page
    assert "second factor" not in page
    pause_server(message="Back soon", by=sue)
    assert "The server has been paused since" in text_of(tess_client, HOME)


@pytest.mark.proves("TWO-FACTOR-MISSING")
def test_superuser_and_auditor_see_which_staff_have_no_second_factor_and_a_lead_does_not(
    client: Client, sue: User, otto: User, tess: User, alice: User
) -> None:
    Authenticator.objects.create(user=otto, type=Authenticator.Type.TOTP, data={})
    for person in (sue, otto):
        client.force_login(person)
        assert "Staff without a second factor (2)" in text_of(client, HOME)
        reply = client.get(reverse(PEOPLE), {"second_factor": "missing"})
        assert {one.username for one in reply.context["cl"].result_list} == {"sue", "tess"}
        reply = client.get(reverse(PEOPLE), {"second_factor": "set_up"})
        assert {one.username for one in reply.context["cl"].result_list} == {"otto"}
    deactivate_person(user=sue)
    assert "Staff without a second factor (1)" in text_of(client, HOME)
    client.force_login(tess)
    assert "econd factor" not in text_of(client, PEOPLE)


@pytest.mark.proves("TOKEN-ADMIN-REVOKE")
def test_revoking_a_successor_says_that_the_old_token_stays_open_until_its_overlap_ends(
    tess_client: Client, issued: IssuedToken
) -> None:
    new = rotate_token(token=issued.token).token
    page = text_of(tess_client, "admin:accounts_analysttoken_revoke", new.pk)
    assert "These stay open" in page
    assert issued.token.prefix in page
    both = {"action": "revoke_selected", "_selected_action": [new.pk, issued.token.pk]}
    assert "These stay open" not in tess_client.post(reverse(TOKENS), both).text


@pytest.mark.proves("TOKEN-ADMIN-REVOKE")
def test_all_of_1500_tokens_are_revoked_in_one_form(tess_client: Client, alice: User) -> None:
    end = timezone.now() + timedelta(days=9)
    tokens = [
        AnalystToken(user=alice, label="x", digest=str(n), expires_at=end) for n in range(1500)
    ]
    AnalystToken.objects.bulk_create(tokens)
    first = AnalystToken.objects.first()
    assert first is not None
    asked = {"action": "revoke_selected", "select_across": "1", "_selected_action": [first.pk]}
    page = tess_client.post(reverse(TOKENS), asked).text
    chosen = re.findall(r'name="_selected_action" value="(\d+)"', page)
    form: dict[str, Any] = {"action": "revoke_selected", "confirmed": "yes", "reason": "incident"}
    assert (
        tess_client.post(reverse(TOKENS), {**form, "_selected_action": chosen}).status_code == 302
    )
    assert not AnalystToken.objects.filter(revoked_at__isnull=True).exists()


@pytest.mark.proves("TEAM-ADMIN")
def test_large_team_is_shown_to_a_lead_in_few_queries_and_saved_by_a_superuser(
    client: Client, dispatch: Team, tess: User, sue: User
) -> None:
    people = User.objects.bulk_create([User(username=f"analyst{n}") for n in range(300)])
    Membership.objects.bulk_create([Membership(team=dispatch, user=one) for one in people])
    client.force_login(tess)
    with CaptureQueriesContext(connection) as queries:
        page = text_of(client, TEAM, dispatch.pk)
    assert len(queries) < 15
    assert f'<a href="{reverse(PEOPLE)}?team={dispatch.pk}">301</a>' in page
    client.force_login(sue)
    form = {"name": "Dispatch by night", **members(dispatch)}
    assert client.post(reverse(TEAM, args=[dispatch.pk]), form).status_code == 302
    dispatch.refresh_from_db()
    assert dispatch.name == "Dispatch by night"


@pytest.mark.proves("PEOPLE-ADMIN-DEACTIVATE")
def test_form_that_was_open_meanwhile_activates_nobody_again(
    tess_client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts.admin.people import PersonAdmin

    form = person_form(tess_client, alice, first_name="Alicia")
    real = PersonAdmin.save_model

    def late(self: Any, request: Any, obj: User, *words: Any) -> None:
        User.objects.filter(pk=alice.pk).update(is_active=False)
        real(self, request, obj, *words)

    monkeypatch.setattr(PersonAdmin, "save_model", late)
    tess_client.post(reverse("admin:accounts_user_change", args=[alice.pk]), form)
    alice.refresh_from_db()
    assert (alice.first_name, alice.is_active) == ("Alicia", False)


@pytest.mark.proves("PEOPLE-ADMIN-ADD")
def test_name_that_is_taken_is_refused_with_whom_to_ask(
    tess_client: Client, bob: User, dispatch: Team
) -> None:
    form = {"username": "bob", "team": dispatch.pk}
    page = " ".join(tess_client.post(reverse("admin:accounts_user_add"), form).text.split())
    assert "ask a superuser to put them into yours" in page


@pytest.mark.proves("PAGES-TIMES")
def test_no_page_of_a_lead_writes_a_moment_in_nobodys_zone(
    tess_client: Client, issued: IssuedToken, alice: User
) -> None:
    token = issued.token
    tess_client.post(
        reverse("admin:accounts_analysttoken_revoke", args=[token.pk]), {"reason": "x"}
    )
    alice.last_login = timezone.now()
    alice.save()
    now = timezone.now()
    connection = Connection.objects.create(
        user=alice, client_name="Claude", redirect_host="claude.ai", code_digest="x",
        expires_at=now + timedelta(days=3), ends_at=now + timedelta(days=9),
    )  # fmt: skip
    for name, pk in (
        ("accounts_connection_change", connection.pk),
        ("accounts_user_change", alice.pk),
        ("accounts_analysttoken_change", token.pk),
        ("accounts_analysttoken_history", token.pk),
        ("accounts_person_access", alice.pk),
    ):
        page = text_of(tess_client, f"admin:{name}", pk)
        assert not ZONELESS.search(page), name
        assert "<time datetime=" in page, name
        assert "All times are UTC" not in page
    page = text_of(tess_client, "admin:accounts_connection_changelist")
    assert page.count("<time datetime=") == 3
    assert not ZONELESS.search(page)
