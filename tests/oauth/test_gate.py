"""The gate: which tokens open it, what those who stay outside are told, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from oauth2_provider.views.dynamic_client_registration import _issue_registration_token
from pytest_django import DjangoAssertNumQueries

from accounts.authentication import authenticate
from accounts.errors import ScopeMissing
from accounts.models import AccessToken, Application, Connection, User
from accounts.oauth.connections import note_connection_use
from fleetmcp.mcp.challenges import challenge, is_anything_sent, is_token_in_query
from tests.oauth.flow import Flow

pytestmark = pytest.mark.django_db
Spoiler = Callable[[AccessToken, User], None]


def expired(token: AccessToken, other: User) -> None:
    token.expires = timezone.now() - timedelta(seconds=1)


def without_user(token: AccessToken, other: User) -> None:
    token.user = None


def of_somebody_else(token: AccessToken, other: User) -> None:
    token.user = other


def without_audience(token: AccessToken, other: User) -> None:
    token.resource = []


def with_foreign_audience(token: AccessToken, other: User) -> None:
    token.resource = ["https://evil.example"]


def with_two_audiences(token: AccessToken, other: User) -> None:
    token.resource = [settings.PUBLIC_URL, "https://evil.example"]


def without_connection(token: AccessToken, other: User) -> None:
    token.connection = None


SPOILERS: list[Spoiler] = [
    expired,
    without_user,
    of_somebody_else,
    without_audience,
    with_foreign_audience,
    with_two_audiences,
    without_connection,
]


@pytest.mark.proves("OAUTH-GATE")
@pytest.mark.parametrize("spoil", SPOILERS)
def test_spoiled_token_opens_nothing(flow: Flow, bob: User, spoil: Spoiler) -> None:
    header = f"Bearer {flow.connect()['access_token']}"
    token = AccessToken.objects.get()
    spoil(token, bob)
    token.save()
    assert authenticate(header) is None


@pytest.mark.proves("OAUTH-GATE")
def test_token_of_a_registration_opens_nothing(flow: Flow) -> None:
    secret = _issue_registration_token(Application.objects.get(), None)
    assert authenticate(f"Bearer {secret}") is None
    assert authenticate(f"Bearer fmco_{secret}") is None


@pytest.mark.proves("OAUTH-GATE")
def test_refresh_token_opens_nothing(flow: Flow) -> None:
    assert authenticate(f"Bearer {flow.connect()['refresh_token']}") is None


@pytest.mark.proves("OAUTH-GATE")
@pytest.mark.parametrize("scope", ["", "other", "analytics:read2", "openid profile"])
def test_token_without_our_scope_is_told_so(flow: Flow, scope: str) -> None:
    header = f"Bearer {flow.connect()['access_token']}"
    AccessToken.objects.update(scope=scope)
    with pytest.raises(ScopeMissing):
        authenticate(header)


@pytest.mark.proves("OAUTH-ONE-QUERY")
def test_gate_asks_once_whatever_is_wrong(
    flow: Flow, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    header = f"Bearer {flow.connect()['access_token']}"
    assert authenticate(header) is not None
    for sent in (header, "Bearer fmco_" + "a" * 49, "Bearer fmcp_" + "a" * 49, "Bearer x", None):
        with django_assert_num_queries(1):
            authenticate(sent)


@pytest.mark.proves("OAUTH-LAST-USE")
def test_use_is_noted_once_a_minute(
    flow: Flow, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    flow.connect()
    connection, now = Connection.objects.get(), timezone.now()
    note_connection_use(connection=connection, now=now, ip="192.0.2.1")
    connection.refresh_from_db()
    with django_assert_num_queries(0):
        note_connection_use(connection=connection, now=now + timedelta(seconds=59))
    note_connection_use(connection=connection, now=now + timedelta(seconds=61), ip="192.0.2.2")
    connection.refresh_from_db()
    assert (connection.first_used_at, connection.last_used_ip) == (now, "192.0.2.2")


def scope_of(header: str | None = None, query: str = "") -> dict[str, Any]:
    headers = [] if header is None else [(b"authorization", header.encode())]
    return {"type": "http", "path": "/mcp", "headers": headers, "query_string": query.encode()}


@pytest.mark.proves("OAUTH-CHALLENGE")
@pytest.mark.parametrize(
    ("path", "suffix"), [("/", ""), ("/mcp", "/mcp"), ("/mcp/", "/mcp")], ids=["/", "/mcp", "/mcp/"]
)
def test_challenge_names_the_metadata_of_the_resource_that_was_hit(path: str, suffix: str) -> None:
    named = f'{settings.PUBLIC_URL}/.well-known/oauth-protected-resource{suffix}"'
    for error in ("", "invalid_token", "insufficient_scope"):
        header = challenge(path, error, 'a "quoted" sentence\r\n')
        assert f'resource_metadata="{named}' in header
        assert 'scope="analytics:read"' in header
        assert (f'error="{error}"' in header) == bool(error)
        assert header.isascii()


@pytest.mark.proves("OAUTH-CHALLENGE")
def test_what_counts_as_sent() -> None:
    assert not is_anything_sent(scope_of())
    assert not is_anything_sent(scope_of(" "))
    assert not is_anything_sent(scope_of(query="token=x"))
    assert is_anything_sent(scope_of("Basic x"))
    assert is_anything_sent(scope_of(query="a=1&access_token="))
    assert is_token_in_query(scope_of("Bearer good", query="access%5Ftoken=x"))
