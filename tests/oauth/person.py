"""A person with a browser in front of a real server process, and the official client's OAuth."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.live import Server

CALLBACK = "http://localhost:3000/callback"
_SESSION = """
from importlib import import_module
from django.conf import settings
from accounts.models import User
user = User.objects.get(username={name!r})
session = import_module(settings.SESSION_ENGINE).SessionStore()
session["_auth_user_id"] = str(user.pk)
session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
session["_auth_user_hash"] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""


_sessions: dict[tuple[str, str], str] = {}


def session_of(server: Server, name: str) -> str:
    """Return the cookie of a browser in which that person is signed in."""
    known = (str(server.home), name)
    if known not in _sessions:
        printed = server.manage("shell", "-v", "0", "-c", _SESSION.format(name=name))
        _sessions[known] = printed.split()[-1]
    return _sessions[known]


@dataclass
class Person:
    """Somebody who opens the address that a client gives them, and agrees."""

    server: Server
    name: str = "alice"
    button: str = "allow"
    answer: dict[str, str] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    sent_to: str = ""

    def visit(self, address: str) -> None:
        """Open the page, press the button, and keep what the browser takes to the client."""
        cookies = {"sessionid": session_of(self.server, self.name)}
        with httpx.Client(cookies=cookies) as browser:
            page = browser.get(address)
            if page.status_code == httpx.codes.OK:
                self.pages.append(page.text)
                token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
                assert token, page.text
                words = {"csrfmiddlewaretoken": token[1], self.button: "1"}
                page = browser.post(address, data=words, headers={"Origin": self.server.url})
        assert page.status_code == httpx.codes.FOUND, page.text
        target = urlsplit(page.headers["location"])
        assert target.hostname in ("localhost", "127.0.0.1")
        self.sent_to = page.headers["location"]
        self.answer = dict(parse_qsl(target.query))


@dataclass
class Storage:
    """What a client keeps on its disk."""

    tokens: OAuthToken | None = None
    info: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.info

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.info = client_info


@dataclass
class OfficialClient:
    """The Python SDK's client at one address of the server."""

    person: Person
    path: str = "/mcp"
    document: str | None = None
    storage: Storage = field(default_factory=Storage)
    requests: list[httpx.Request] = field(default_factory=list)

    def provider(self) -> OAuthClientProvider:
        """Return the SDK's own OAuth."""
        metadata = OAuthClientMetadata(
            client_name="Official client",
            redirect_uris=[AnyUrl(CALLBACK)],
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
        )
        return OAuthClientProvider(
            server_url=self.person.server.url + self.path,
            client_metadata=metadata,
            storage=self.storage,
            redirect_handler=self._open,
            callback_handler=self._come_back,
            client_metadata_url=self.document,
        )

    @asynccontextmanager
    async def session(self, *, expired: bool = False) -> AsyncIterator[ClientSession]:
        """Yield a session; with ``expired`` the client believes that its token is too old."""
        auth = self.provider()
        if expired:
            await auth._initialize()
            auth.context.token_expiry_time = 1
        hooks = {"request": [self._keep]}
        async with (
            httpx.AsyncClient(auth=auth, timeout=60, event_hooks=hooks) as client,
            streamable_http_client(self.person.server.url + self.path, http_client=client) as (
                reads,
                writes,
                *_,
            ),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            yield session

    def sent(self, path: str) -> list[dict[str, str]]:
        """Return the forms that the client posted to that path."""
        return [
            dict(parse_qsl(request.content.decode()))
            for request in self.requests
            if request.url.path == path
        ]

    async def _keep(self, request: httpx.Request) -> None:
        self.requests.append(request)

    async def _open(self, address: str) -> None:
        self.person.visit(address)

    async def _come_back(self) -> Any:
        if "code" not in self.person.answer:
            raise PermissionError(self.person.answer.get("error", "no code"))
        return self.person.answer["code"], self.person.answer.get("state")
