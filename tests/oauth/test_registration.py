"""Clients that register themselves, and those that a document names."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.authentication import authenticate
from accounts.models import AccessToken, Application, Connection, RefreshToken, User
from accounts.oauth.clients import switch_application
from accounts.oauth.registration import refuse_too_many
from accounts.secrets import digest
from tests.oauth.flow import CALLBACK, CLAUDE, LOOPBACK, METADATA, Flow, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.proves("OAUTH-DCR-COMPLETE")
def test_registration_says_everything_a_client_needs() -> None:
    answer = Flow().register()
    client = Application.objects.get()
    assert answer.status_code == 201
    assert client.created_ip == "127.0.0.1"
    assert "no-store" in answer["Cache-Control"]
    assert answer.json() == {
        **METADATA,
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        "scope": "analytics:read",
    }
    assert not AccessToken.objects.exists()


@pytest.mark.proves("OAUTH-DCR-COMPLETE")
@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic", None])
def test_client_with_a_secret_gets_it_once_and_must_show_it(
    alice: User, method: str | None
) -> None:
    flow = Flow()
    said = flow.register(token_endpoint_auth_method=method).json()
    flow.browser.force_login(alice)
    assert said["client_secret_expires_at"] == 0
    # Not a password's slow hash: anybody may ask for it to be compared, as often as they like.
    assert Application.objects.get().client_secret == digest(said["client_secret"])
    code = flow.code()
    assert flow.token(code=code).status_code == 401
    assert flow.token(code=code, client_secret="wrong").status_code == 401
    assert flow.token(code=code, client_secret=said["client_secret"]).status_code == 200


GOOD = [CALLBACK, "https://claude.com/x", LOOPBACK, "http://127.0.0.1/x", "http://[::1]:7/x"]
BAD = [
    "https://evil.example/x",
    "https://claude.ai.evil.example/x",
    "https://evil.example/claude.ai",
    "https://claude.ai@evil.example/x",
    "https://evil@claude.ai/x",
    "http://evil:secret@localhost/x",
    "https://claude.ai/\\x",
    "https://claude.ai:8443/x",
    "https://sub.claude.ai/x",
    "http://claude.ai/x",
    "http://evil.example/x",
    "http://localhost.evil.example/x",
    "https://claude.ai/x#fragment",
    "https://*.claude.ai/x",
    "javascript:alert(1)",
    "data:text/html,x",
    "myapp://callback",
    "//claude.ai/x",
    "https://claude.ai\\@evil.example/x",
    "https://claude.ai/x https://evil.example/x",
    "https://claude.ai/\u202e",
    "https://claude.ai/" + "x" * 500,
    "http://localhost:99999/x",
    "",
]


@pytest.mark.proves("OAUTH-DCR-REDIRECTS")
@pytest.mark.parametrize("uri", GOOD)
def test_allowed_hosts_and_loopback_may_register(uri: str) -> None:
    assert Flow().register(redirect_uris=[uri]).status_code == 201


@pytest.mark.proves("OAUTH-DCR-REDIRECTS")
@pytest.mark.parametrize("uri", BAD)
def test_no_other_address_may_register_even_beside_a_good_one(uri: str) -> None:
    for uris in ([uri], [CALLBACK, uri]):
        answer = Flow().register(redirect_uris=uris)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")
    assert not Application.objects.exists()


@pytest.mark.proves("OAUTH-DCR-KIND")
@pytest.mark.parametrize(
    "metadata",
    [
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["authorization_code", "client_credentials"]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": []},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": ["none"]},
        {"client_name": 7},
        {"redirect_uris": None},
        {"redirect_uris": [7]},
        {"redirect_uris": [CALLBACK] * 11},
    ],
    ids=str,
)
def test_other_kinds_of_client_are_refused(metadata: dict[str, Any]) -> None:
    answer = Flow().register(**metadata)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_client_metadata", "invalid_redirect_uri")
    assert not Application.objects.exists()


@pytest.mark.proves("OAUTH-DCR-KIND")
def test_grant_that_claude_lists_besides_is_not_granted() -> None:
    answer = Flow().register(grant_types=CLAUDE["grant_types"])
    assert answer.status_code == 201
    assert answer.json()["grant_types"] == ["authorization_code", "refresh_token"]


@pytest.mark.proves("OAUTH-DCR-KIND")
@pytest.mark.parametrize(
    "name", ["\x00Claude", "\ud800Claude", "\u202eClaude", " Cl\u200baude\r\n"]
)
def test_name_is_stored_without_what_nobody_can_see(name: str) -> None:
    assert Flow().register(client_name=name).json()["client_name"] == "Claude"
    assert Application.objects.get().name == "Claude"


@pytest.mark.proves("OAUTH-DCR-LIMITS")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b"[" * 8000, 400),
        (b"\xff\xfe", 400), (json.dumps(METADATA | {"x": "y" * 9000}).encode(), 413),
    ],
    ids=["empty", "broken", "list", "null", "deep", "no text", "large"],
)  # fmt: skip
def test_bodies_that_are_no_metadata_are_refused(body: bytes, status: int) -> None:
    answer = Client().post("/oauth/register", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_client_metadata")


@pytest.mark.proves("OAUTH-DCR-LIMITS")
def test_registrations_of_an_hour_are_limited(settings: Settings) -> None:
    settings.OAUTH_REGISTRATIONS_PER_HOUR = 3
    statuses = [Flow().register().status_code for _ in range(4)]
    assert statuses == [201, 201, 201, 429]
    Application.objects.update(created=timezone.now() - timedelta(minutes=61))
    assert Flow().register().status_code == 201


@pytest.mark.proves("OAUTH-DCR-LIMITS")
def test_one_address_takes_only_its_share(settings: Settings) -> None:
    settings.OAUTH_REGISTRATIONS_PER_HOUR = 40
    for _ in range(10):
        Flow().register()
    Application.objects.update(created_ip="192.0.2.1")
    refuse_too_many("192.0.2.2")
    with pytest.raises(Exception, match="Too many clients"):
        refuse_too_many("192.0.2.1")


@pytest.mark.proves("OAUTH-DCR-LIMITS")
def test_registration_can_be_switched_off(settings: Settings) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "DCR_ENABLED": False}
    assert Flow().register().status_code == 404
    said = Client().get("/.well-known/oauth-authorization-server").json()
    assert "registration_endpoint" not in said


@pytest.mark.proves("OAUTH-CLIENTS")
def test_client_that_is_switched_off_is_out_until_it_is_on_again(flow: Flow, sue: User) -> None:
    header = f"Bearer {flow.connect()['access_token']}"
    client = Application.objects.get()
    assert switch_application(application=client, on=False, by=sue)
    assert not switch_application(application=client, on=False, by=sue)
    assert authenticate(header) is None
    assert flow.browser.get(flow.question()).status_code == 400
    assert switch_application(application=client, on=True, by=sue)
    assert authenticate(header) is not None


@pytest.mark.proves("OAUTH-CLIENTS")
def test_stale_clients_are_cleaned_and_living_ones_stay(alice: User, sue: User) -> None:
    used, unused, ended, off, fresh = (signed_in(alice, client_name=str(n)) for n in range(5))
    tokens = used.connect()
    ended.connect()
    Connection.objects.filter(client_name="2").update(expires_at=timezone.now())
    switch_application(application=Application.objects.get(name="3"), on=False, by=sue)
    old = timezone.now() - timedelta(days=31)
    Application.objects.exclude(name="4").update(created=old)
    out = StringIO()
    call_command("clean_clients", stdout=out)
    assert out.getvalue() == "Clients forgotten: 2.\n"
    assert sorted(Application.objects.values_list("name", flat=True)) == ["0", "3", "4"]
    assert Connection.objects.get(client_name="2").application is None
    assert authenticate(f"Bearer {tokens['access_token']}") is not None
    assert fresh.client_id
    assert off.client_id
    assert unused.client_id


@pytest.mark.proves("OAUTH-CLIENTS")
def test_cleaning_takes_what_is_used_up_and_leaves_what_can_be_refreshed(flow: Flow) -> None:
    first = flow.connect()
    second = flow.refresh(first["refresh_token"]).json()
    past = timezone.now() - timedelta(days=31)
    RefreshToken.objects.filter(revoked__isnull=False).update(revoked=past)
    AccessToken.objects.update(expires=timezone.now() - timedelta(minutes=1))
    call_command("clean_clients", stdout=StringIO())
    assert RefreshToken.objects.count() == 1
    assert flow.refresh(second["refresh_token"]).status_code == 200
