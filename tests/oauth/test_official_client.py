"""The official Python client, against a real server process, from discovery to revocation."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from mcp.shared.auth import OAuthToken

from tests.live import Server, rpc
from tests.oauth.person import OfficialClient, Person
from tests.oauth.stub_settings import DOCUMENT

PATHS = ["/mcp", "/mcp/", "", "/"]


def use(client: OfficialClient, *, expired: bool = False) -> str:
    """Connect, call a tool, and return what it says."""

    async def once() -> str:
        async with client.session(expired=expired) as session:
            result = await session.call_tool("list_schemas", {})
            assert not result.isError, result.content
            assert result.structuredContent is not None
            return str(result.structuredContent)

    return asyncio.run(once())


def fails(client: OfficialClient, *, expired: bool = False) -> None:
    """Try to connect, in vain."""
    with pytest.raises(BaseException, match=r".*"):
        use(client, expired=expired)


def connected(server: Server, path: str = "/mcp", document: str | None = None) -> OfficialClient:
    """Return a client that went all the way."""
    client = OfficialClient(Person(server), path, document)
    assert "reporting" in use(client)
    return client


def tokens_of(client: OfficialClient) -> OAuthToken:
    assert client.storage.tokens is not None
    return client.storage.tokens


def ping(server: Server, token: str, path: str = "/mcp") -> httpx.Response:
    """Send one message with that token."""
    headers = server.headers() | {"Authorization": f"Bearer {token}"}
    return httpx.post(server.url + path, content=rpc("ping"), headers=headers)


def refresh(client: OfficialClient, token: str | None) -> httpx.Response:
    """Trade a refresh token as the client would."""
    info = client.storage.info
    assert info is not None
    words = {"grant_type": "refresh_token", "client_id": info.client_id, "refresh_token": token}
    if info.client_secret:
        words["client_secret"] = info.client_secret
    return httpx.post(f"{client.person.server.url}/oauth/token", data=words, timeout=30)


@pytest.mark.proves("OAUTH-OFFICIAL-CLIENT")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("document", [None, DOCUMENT], ids=["registered", "by document"])
def test_client_connects_and_asks(server: Server, path: str, document: str | None) -> None:
    client = connected(server, path, document)
    assert client.person.answer["iss"] == server.url
    [exchange] = client.sent("/oauth/token")
    assert exchange["code_verifier"]
    assert exchange["resource"].startswith(server.url)
    assert len(client.sent("/oauth/register")) == (document is None)
    row = server.last_row()
    assert (row["username"], row["tool"], row["token_id"]) == ("alice", "list_schemas", None)
    assert row["connection_id"]
    assert client.person.pages[0].count("signed in as <strong>alice</strong>") == 1


@pytest.mark.proves("OAUTH-OFFICIAL-CLIENT")
@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_client_refreshes_without_the_person(server: Server, path: str) -> None:
    client = connected(server, path)
    before = tokens_of(client)
    again = OfficialClient(Person(server, button="deny"), path, storage=client.storage)
    assert "reporting" in use(again, expired=True)
    assert again.person.pages == []
    assert tokens_of(again).refresh_token != before.refresh_token
    assert ping(server, before.access_token, path or "/").status_code == 401


@pytest.mark.proves("OAUTH-OFFICIAL-CLIENT", "OAUTH-REPLAY")
@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_replayed_refresh_token_ends_the_family(server: Server, path: str) -> None:
    client = connected(server, path)
    before = tokens_of(client)
    use(client, expired=True)
    assert ping(server, tokens_of(client).access_token, path).status_code == 200
    assert refresh(client, before.refresh_token).json()["error"] == "invalid_grant"
    assert ping(server, tokens_of(client).access_token, path).status_code == 401
    assert refresh(client, tokens_of(client).refresh_token).status_code == 400


@pytest.mark.proves("OAUTH-REPLAY")
def test_refreshes_at_the_same_moment_give_one_pair_and_never_an_empty_token(
    server: Server,
) -> None:
    client = connected(server, document=DOCUMENT)
    with ThreadPoolExecutor(8) as pool:
        token = tokens_of(client).refresh_token
        answers = list(pool.map(lambda _: refresh(client, token), range(8)))
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert good[0]["access_token"].startswith("fmco_")
    assert {answer.status_code for answer in answers} == {200, 400}


@pytest.mark.proves("OAUTH-OFFICIAL-CLIENT", "OAUTH-REVOKE")
@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_revoked_connection_is_refused_at_the_very_next_call(server: Server, path: str) -> None:
    client = connected(server, path, DOCUMENT)
    token = tokens_of(client)
    assert client.storage.info is not None
    words = {"token": token.access_token, "client_id": client.storage.info.client_id}
    assert httpx.post(f"{server.url}/oauth/revoke", data=words).status_code == 200
    assert ping(server, token.access_token, path).status_code == 401
    assert refresh(client, token.refresh_token).status_code == 400


def set_active(server: Server, active: bool) -> None:
    code = (
        "from accounts.models import User; u = User.objects.get(username='bob'); "
        f"u.is_active = {active}; u.save()"
    )
    server.manage("shell", "-c", code)


@pytest.mark.proves("OAUTH-OFFICIAL-CLIENT", "OAUTH-SWITCH")
@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_deactivated_person_loses_token_and_connection_by_one_switch(
    server: Server, path: str
) -> None:
    client = OfficialClient(Person(server, "bob"), path, DOCUMENT)
    use(client)
    token = tokens_of(client)
    both = (token.access_token, server.tokens["bob"])
    assert [ping(server, one, path).status_code for one in both] == [200, 200]
    try:
        set_active(server, False)
        assert [ping(server, one, path).status_code for one in both] == [401, 401]
        assert refresh(client, token.refresh_token).status_code == 400
    finally:
        set_active(server, True)
    assert [ping(server, one, path).status_code for one in both] == [401, 200]


@pytest.mark.proves("OAUTH-OFFICIAL-CLIENT")
@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_person_who_denies_lets_nobody_in(server: Server, path: str) -> None:
    client = OfficialClient(Person(server, button="deny"), path)
    fails(client)
    assert client.person.answer["error"] == "access_denied"
    assert client.person.answer["iss"] == server.url
    assert client.storage.tokens is None


@pytest.mark.proves("OAUTH-CHALLENGE", "OAUTH-GATE")
@pytest.mark.parametrize(("path", "suffix"), [("/mcp", "/mcp"), ("/mcp/", "/mcp"), ("/", "")])
def test_who_stays_outside_is_told_where_to_sign_in(server: Server, path: str, suffix: str) -> None:
    named = f'resource_metadata="{server.url}/.well-known/oauth-protected-resource{suffix}"'
    client = connected(server, path, DOCUMENT)
    token = tokens_of(client).access_token
    nothing = httpx.post(server.url + path, content=rpc("ping"))
    wrong = ping(server, "fmco_" + "x" * 49, path)
    address = httpx.post(f"{server.url}{path}?access_token={token}", content=rpc("ping"))
    both = httpx.post(
        f"{server.url}{path}?access_token={token}",
        content=rpc("ping"),
        headers=server.headers() | {"Authorization": f"Bearer {token}"},
    )
    without_scope(server)
    forbidden = ping(server, token, path)
    for reply, status, error in (
        (nothing, 401, None),
        (wrong, 401, "invalid_token"),
        (address, 401, "invalid_token"),
        (both, 401, "invalid_token"),
        (forbidden, 403, "insufficient_scope"),
    ):
        challenge = reply.headers["www-authenticate"]
        assert reply.status_code == status
        assert named in challenge
        assert 'scope="analytics:read"' in challenge
        assert (f'error="{error}"' in challenge) if error else ("error=" not in challenge)
        assert reply.json()["error_description"]
        assert token not in reply.text


@pytest.mark.proves("OAUTH-GATE")
def test_two_authorization_headers_open_nothing(server: Server) -> None:
    good, bad = ("Authorization", f"Bearer {server.tokens['alice']}"), ("Authorization", "Bearer x")
    for both in ([good, bad], [bad, good], [good, good]):
        reply = httpx.post(f"{server.url}/mcp", content=rpc("ping"), headers=both)
        assert reply.status_code == 401


def without_scope(server: Server) -> None:
    server.manage(
        "shell", "-c", "from accounts.models import *; AccessToken.objects.update(scope='x')"
    )


@pytest.mark.proves("OAUTH-PREFIX")
def test_personal_token_works_beside(server: Server) -> None:
    connected(server, document=DOCUMENT)
    assert ping(server, server.tokens["alice"]).status_code == 200
