"""Codes and refresh tokens: what they are worth, to whom, how long, and when no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.authentication import authenticate
from accounts.models import AccessToken, Application, Connection, Grant, RefreshToken, User
from accounts.oauth.connections import revoke_connection
from accounts.oauth.validator import Validator
from tests.oauth.flow import Flow, answer_of, bearer, signed_in


@pytest.mark.proves("OAUTH-PKCE")
@pytest.mark.parametrize("verifier", [None, "w" * 64])
def test_code_without_its_verifier_is_worth_nothing(flow: Flow, verifier: str | None) -> None:
    answer = flow.token(code=flow.code(), code_verifier=verifier)
    assert answer.status_code == 400
    assert not AccessToken.objects.exists()


@pytest.mark.proves("OAUTH-REPLAY")
def test_code_used_twice_ends_the_connection(flow: Flow) -> None:
    code = flow.code()
    tokens = flow.token(code=code).json()
    assert flow.token(code=code).json()["error"] == "invalid_grant"
    assert authenticate(bearer(tokens)) is None
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert "used twice" in Connection.objects.get().revoke_reason


@pytest.mark.proves("OAUTH-REPLAY")
def test_other_client_can_not_end_a_connection_by_showing_its_code(flow: Flow) -> None:
    code = flow.code()
    tokens = flow.token(code=code).json()
    other = Flow()
    other.register()
    assert other.token(code=code).json()["error"] == "invalid_grant"
    assert authenticate(bearer(tokens)) is not None


@pytest.mark.proves("OAUTH-REPLAY")
def test_refresh_token_that_another_request_takes_in_between_gives_no_second_pair(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = flow.connect()
    before: Callable[..., Any] = Validator.validate_refresh_token

    def overtaken(self: Validator, *args: Any, **kwargs: Any) -> Any:
        valid = before(self, *args, **kwargs)
        RefreshToken.objects.update(revoked=timezone.now())
        return valid

    monkeypatch.setattr(Validator, "validate_refresh_token", overtaken)
    assert flow.refresh(tokens["refresh_token"]).json() == {"error": "invalid_grant"}
    assert RefreshToken.objects.count() == 1


@pytest.mark.proves("OAUTH-REPLAY")
def test_refresh_token_used_twice_ends_the_family(flow: Flow) -> None:
    first = flow.connect()
    second = flow.refresh(first["refresh_token"]).json()
    assert authenticate(bearer(first)) is None
    assert authenticate(bearer(second)) is not None
    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert authenticate(bearer(second)) is None
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()


@pytest.mark.proves("OAUTH-REPLAY")
def test_code_that_another_request_takes_in_between_gives_no_second_pair(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = flow.code()
    before: Callable[..., Any] = Validator.confirm_redirect_uri

    def overtaken(self: Validator, *args: Any, **kwargs: Any) -> Any:
        confirmed = before(self, *args, **kwargs)
        Grant.objects.all().delete()
        return confirmed

    monkeypatch.setattr(Validator, "confirm_redirect_uri", overtaken)
    answer = flow.token(code=code)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})
    assert not AccessToken.objects.exists()


@pytest.mark.proves("OAUTH-REPLAY")
def test_code_that_vanishes_between_two_questions_is_an_invalid_grant(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = flow.code()
    before: Callable[..., Any] = Validator.validate_code

    def overtaken(self: Validator, *args: Any, **kwargs: Any) -> Any:
        valid = before(self, *args, **kwargs)
        Grant.objects.all().delete()
        return valid

    monkeypatch.setattr(Validator, "validate_code", overtaken)
    answer = flow.token(code=code)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def deactivated(user: User) -> None:
    user.is_active = False
    user.save()


def no_analyst_any_more(user: User) -> None:
    user.groups.remove(Group.objects.get(name="Analysts"))


def disconnected(user: User) -> None:
    revoke_connection(connection=user.connections.get(), revoked_by=None, reason="left")


def client_disabled(user: User) -> None:
    Application.objects.update(disabled_at=timezone.now())


def rested_too_long(user: User) -> None:
    Connection.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def deactivated_past_every_signal(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


LOSSES = [
    deactivated,
    deactivated_past_every_signal,
    no_analyst_any_more,
    disconnected,
    client_disabled,
    rested_too_long,
]


@pytest.mark.proves("OAUTH-SWITCH")
@pytest.mark.parametrize("loss", LOSSES)
def test_who_lost_the_right_can_neither_ask_nor_refresh(flow: Flow, alice: User, loss: Any) -> None:
    tokens = flow.connect()
    loss(alice)
    assert authenticate(bearer(tokens)) is None
    assert flow.refresh(tokens["refresh_token"]).status_code in (400, 401)


@pytest.mark.proves("OAUTH-SWITCH")
@pytest.mark.parametrize("loss", LOSSES)
def test_who_lost_the_right_gets_no_token_for_an_old_code(
    flow: Flow, alice: User, loss: Any
) -> None:
    code = flow.code()
    loss(alice)
    assert flow.token(code=code).status_code in (400, 401)
    assert not AccessToken.objects.exists()


@pytest.mark.proves("OAUTH-SWITCH")
def test_deactivation_leaves_no_token_and_activation_brings_none_back(
    flow: Flow, alice: User
) -> None:
    tokens = flow.connect()
    deactivated(alice)
    assert not AccessToken.objects.exists()
    alice.is_active = True
    alice.save()
    assert authenticate(bearer(tokens)) is None
    assert flow.refresh(tokens["refresh_token"]).status_code == 400


@pytest.mark.proves("OAUTH-SWITCH")
def test_lead_who_deactivates_and_activates_on_the_pages_brings_no_connection_back(
    flow: Flow, alice: User, tess: User
) -> None:
    tokens = flow.connect()
    lead = Client()
    lead.force_login(tess)
    for verb in ("deactivate", "activate"):
        address = reverse(f"admin:accounts_user_{verb}", args=[alice.pk])
        assert lead.post(address, {"reason": "on leave"}).status_code == 302
    connection = Connection.objects.get()
    assert (connection.revoked_by, connection.revoke_reason) == (
        tess,
        "The person was deactivated.",
    )
    assert authenticate(bearer(tokens)) is None
    assert flow.refresh(tokens["refresh_token"]).status_code == 400


@pytest.mark.proves("OAUTH-SWITCH")
def test_person_without_the_right_can_only_deny(ivan: User) -> None:
    flow = signed_in(ivan)
    page = flow.browser.get(flow.question()).content.decode()
    assert 'name="allow"' not in page
    assert "Ask your team lead" in page
    assert answer_of(flow.press("allow"))["error"] == "access_denied"


@pytest.mark.proves("OAUTH-REVOKE")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_client_that_signs_out_ends_the_whole_connection(flow: Flow, kind: str) -> None:
    tokens = flow.connect()
    words = {"token": tokens[kind], "client_id": flow.client_id}
    assert flow.machine.post("/oauth/revoke", words).status_code == 200
    assert authenticate(bearer(tokens)) is None
    assert flow.refresh(tokens["refresh_token"]).status_code == 400
    assert Connection.objects.get().revoke_reason == "The client signed out."


@pytest.mark.proves("OAUTH-REVOKE")
def test_other_client_can_not_revoke(flow: Flow) -> None:
    tokens = flow.connect()
    other = Flow()
    other.register()
    words = {"token": tokens["access_token"], "client_id": other.client_id}
    other.machine.post("/oauth/revoke", words)
    assert authenticate(bearer(tokens)) is not None


@pytest.mark.proves("OAUTH-LIFETIMES")
def test_connection_slides_with_each_refresh_up_to_its_end(flow: Flow, settings: Settings) -> None:
    settings.OAUTH_REFRESH_DAYS, settings.OAUTH_CONNECTION_DAYS = 30, 40
    tokens = flow.connect()
    made = Connection.objects.get()
    now = timezone.now()
    assert abs(made.expires_at - now - timedelta(days=30)) < timedelta(minutes=1)
    assert abs(made.ends_at - now - timedelta(days=40)) < timedelta(minutes=1)
    Connection.objects.update(ends_at=now + timedelta(days=2), expires_at=now + timedelta(days=1))
    flow.refresh(tokens["refresh_token"])
    made.refresh_from_db()
    assert made.expires_at == made.ends_at


@pytest.mark.proves("OAUTH-LIFETIMES")
def test_access_token_lives_an_hour_and_never_longer_than_its_connection(flow: Flow) -> None:
    tokens = flow.connect()
    lives = AccessToken.objects.get().expires - timezone.now()
    assert abs(lives - timedelta(hours=1)) < timedelta(minutes=1)
    end = timezone.now() + timedelta(minutes=10)
    Connection.objects.update(expires_at=end, ends_at=end)
    assert flow.refresh(tokens["refresh_token"]).status_code == 200
    assert AccessToken.objects.get().expires == end


@pytest.mark.proves("OAUTH-GRANTS")
@pytest.mark.parametrize(
    "grant", ["client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code"]
)
def test_other_grants_give_nothing(flow: Flow, grant: str) -> None:
    words = {"username": "alice", "password": "x", "device_code": "x"}
    answer = flow.token(grant_type=grant, **words)
    assert answer.status_code in (400, 401, 404)
    assert not AccessToken.objects.exists()
