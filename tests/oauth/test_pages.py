"""The admin's pages of connections and clients, and what of them is on record."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.authentication import authenticate
from accounts.models import AccessToken, AnalystToken, Application, Connection, RefreshToken, User
from accounts.services import issue_token
from audit.models import Event
from tests.oauth.flow import CALLBACK, LOOPBACK, Flow, signed_in

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(person: User) -> str:
    return reverse("admin:accounts_person_access", args=[person.pk])


@pytest.mark.proves("OAUTH-ONE-LIST")
def test_lead_sees_tokens_and_connections_in_one_list_and_revokes_both_in_one_way(
    flow: Flow, alice: User, tess: User
) -> None:
    issued = issue_token(user=alice, label="laptop")
    headers = [f"Bearer {flow.connect()['access_token']}", f"Bearer {issued.secret}"]
    assert all(authenticate(header, "192.0.2.9") for header in headers)
    lead = browser(tess)
    page = lead.get(page_of(alice)).content.decode()
    assert "laptop" in page
    assert "claude.ai" in page
    assert page.count("from 192.0.2.9") >= 1
    keys = [f"token-{issued.token.pk}", f"connection-{Connection.objects.get().pk}"]
    answer = lead.post(page_of(alice), {"chosen": keys, "reason": "left the company"})
    assert answer.status_code == 302
    assert [authenticate(header) for header in headers] == [None, None]
    reasons = {AnalystToken.objects.get().revoke_reason, Connection.objects.get().revoke_reason}
    assert reasons == {"left the company"}
    assert Connection.objects.get().revoked_by == tess


@pytest.mark.proves("OAUTH-OWN-LIST")
def test_person_sees_on_the_first_page_what_they_connected_and_nobody_else_does(
    flow: Flow, alice: User, bob: User
) -> None:
    assert "Programs that you connected" not in browser(alice).get("/").content.decode()
    tokens = flow.connect()
    page = browser(alice).get("/").content.decode()
    assert "Programs that you connected" in page
    assert "claude.ai" in page.partition("Programs that you connected")[2].split("</table>")[0]
    assert not any(secret in page for secret in tokens.values() if len(str(secret)) > 40)
    assert "Programs that you connected" not in browser(bob).get("/").content.decode()


@pytest.mark.proves("OAUTH-ONE-LIST")
def test_lead_of_another_team_and_auditor_revoke_nothing(bob: User, tess: User, otto: User) -> None:
    flow = signed_in(bob)
    header = f"Bearer {flow.connect()['access_token']}"
    words = {"chosen": [f"connection-{Connection.objects.get().pk}"], "reason": "x"}
    assert browser(tess).get(page_of(bob)).status_code == 404
    assert browser(tess).post(page_of(bob), words).status_code == 404
    assert "Claude" not in browser(tess).get("/admin/accounts/connection/").content.decode()
    assert browser(otto).get(page_of(bob)).status_code == 200
    assert browser(otto).post(page_of(bob), words).status_code == 403
    assert authenticate(header) is not None


@pytest.mark.proves("OAUTH-ONE-LIST")
def test_key_of_somebody_else_closes_nothing(flow: Flow, alice: User, bob: User, sue: User) -> None:
    header = f"Bearer {flow.connect()['access_token']}"
    words = {"chosen": [f"connection-{Connection.objects.get().pk}"], "reason": "x"}
    browser(sue).post(page_of(bob), words)
    assert authenticate(header) is not None


@pytest.mark.proves("OAUTH-NO-SECRETS")
def test_no_page_of_the_admin_lists_tokens_codes_or_secrets(flow: Flow, sue: User) -> None:
    for model in (AccessToken, RefreshToken):
        assert not admin.site.is_registered(model)
    tokens = flow.connect()
    client, connection = Application.objects.get(), Connection.objects.get()
    for address in (
        "/admin/accounts/connection/",
        f"/admin/accounts/connection/{connection.pk}/change/",
        "/admin/accounts/application/",
        f"/admin/accounts/application/{client.pk}/change/",
    ):
        page = browser(sue).get(address).content.decode()
        assert tokens["access_token"] not in page
        assert connection.code_digest not in page
        assert "client_secret" not in page
        assert 'name="_save"' not in page
    query = "?code_digest__startswith=a"
    assert browser(sue).get(f"/admin/accounts/connection/{query}").status_code in (302, 400)


@pytest.mark.proves("OAUTH-CLIENTS")
def test_superuser_switches_clients_and_auditor_only_looks(
    flow: Flow, sue: User, otto: User
) -> None:
    words = {"action": "switch_off", "_selected_action": [Application.objects.get().pk]}
    browser(otto).post("/admin/accounts/application/", words)
    assert Application.objects.get().disabled_at is None
    browser(sue).post("/admin/accounts/application/", words)
    assert Application.objects.get().disabled_by == sue


@pytest.mark.proves("OAUTH-RECORD")
def test_consent_refresh_replay_and_revocation_are_on_record(flow: Flow, alice: User) -> None:
    tokens = flow.connect()
    flow.refresh(tokens["refresh_token"])
    flow.refresh(tokens["refresh_token"])
    events = list(Event.objects.filter(connection__isnull=False).order_by("id"))
    assert [event.kind for event in events] == [
        "connected",
        "connection_refreshed",
        "connection_refreshed",
        "connection_revoked",
        "replay_detected",
    ]
    assert {event.subject for event in events} == {alice}
    assert {event.connection for event in events} == {Connection.objects.get()}
    assert events[0].actor == alice
    everything = str(list(Event.objects.values()))
    assert not any(secret in everything for secret in tokens.values() if len(str(secret)) > 40)


@pytest.mark.proves("OAUTH-CONSENT-PAGE")
def test_page_says_who_asks_for_what_on_whose_behalf_and_where_the_answer_goes(
    flow: Flow,
) -> None:
    answer = flow.browser.get(flow.question())
    page = answer.content.decode()
    for words in (
        "Connect Claude?",
        "signed in as <strong>alice</strong>",
        "claude.ai",
        "its own word only",
        "never change the data",
        "180 days",
        ">Allow<",
        ">Deny<",
        ">Sign in as somebody else<",
    ):
        assert words in page
    assert "Only go on if you started this yourself" not in page
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.proves("OAUTH-CONSENT-PAGE")
def test_page_warns_when_the_answer_stays_on_this_computer(alice: User) -> None:
    flow = signed_in(alice, redirect_uris=[LOOPBACK])
    flow.redirect_uri = LOOPBACK
    page = flow.browser.get(flow.question()).content.decode()
    assert "Only go on if you started this yourself" in page
    assert "this computer (localhost)" in page


@pytest.mark.proves("OAUTH-CONSENT-PAGE")
def test_hostile_name_arrives_escaped_and_on_one_line(alice: User) -> None:
    name = "<script>alert(1)</script>\u202e\n official"
    flow = signed_in(alice, client_name=name)
    page = flow.browser.get(flow.question()).content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page


@pytest.mark.proves("OAUTH-CONSENT-PAGE")
def test_browser_may_follow_the_answer_to_this_client_only(flow: Flow) -> None:
    response = flow.browser.get(flow.question())
    assert response._csp_update == {"form-action": ["https://claude.ai"]}  # type: ignore[attr-defined]


@pytest.mark.proves("OAUTH-CONSENT-PAGE")
def test_switching_signs_out_and_comes_back_to_the_same_question(flow: Flow) -> None:
    answer = flow.press("switch")
    assert answer.status_code == 302
    assert "next=/oauth/authorize" in answer["Location"]
    assert "_auth_user_id" not in flow.browser.session
    assert CALLBACK.split("/")[2] in answer["Location"]
