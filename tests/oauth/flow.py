"""A client and a person, as HTTP: what claude.ai and a browser send, one step at a time."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.test import Client

from accounts.models import User

CALLBACK = "https://claude.ai/api/mcp/auth_callback"
LOOPBACK = "http://localhost:43210/callback"
VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
METADATA = {
    "client_name": "Claude",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
DOCUMENT = "https://claude.ai/oauth/mcp-oauth-client-metadata"
# As claude.ai publishes it: with a grant type that we don't serve.
CLAUDE = {
    "client_id": DOCUMENT,
    "client_name": "Claude",
    "client_uri": "https://claude.ai",
    "redirect_uris": [CALLBACK],
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
MCP_CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@dataclass
class Flow:
    """One registered client and the browser of one person."""

    browser: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))
    machine: Client = field(default_factory=Client)
    client_id: str = ""
    redirect_uri: str = CALLBACK

    def register(self, **metadata: Any) -> Any:
        """Register the client; keep its id."""
        body = json.dumps(METADATA | metadata)
        answer = self.machine.post("/oauth/register", body, content_type="application/json")
        self.client_id = answer.json().get("client_id", "")
        return answer

    def question(self, **changes: str | None) -> str:
        """Return the address that the client opens in the browser."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": "st4te",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "resource": f"{settings.PUBLIC_URL}/mcp",
            **changes,
        }
        words = {name: text for name, text in asked.items() if text is not None}
        return f"/oauth/authorize?{urlencode(words)}"

    def press(self, button: str, **changes: str | None) -> Any:
        """Open the page and press a button on it."""
        address = self.question(**changes)
        page = self.browser.get(address)
        if page.status_code != 200:
            return page
        secret = self.browser.cookies["csrftoken"].value
        return self.browser.post(address, {button: "1", "csrfmiddlewaretoken": secret})

    def code(self, **changes: str | None) -> str:
        """Agree and return the code."""
        return answer_of(self.press("allow", **changes))["code"]

    def token(self, **words: str | list[str] | None) -> Any:
        """Ask for tokens."""
        asked = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            **words,
        }
        return self.machine.post("/oauth/token", {k: v for k, v in asked.items() if v is not None})

    def refresh(self, token: str, **words: str) -> Any:
        """Trade a refresh token."""
        asked = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token}
        return self.machine.post("/oauth/token", asked | words)

    def connect(self) -> dict[str, Any]:
        """Go all the way and return the tokens."""
        tokens: dict[str, Any] = self.token(code=self.code()).json()
        return tokens


def signed_in(user: User, **metadata: Any) -> Flow:
    """Return a registered client and the browser of that person."""
    flow = Flow()
    flow.register(**metadata)
    flow.browser.force_login(user)
    return flow


def answer_of(response: Any) -> dict[str, str]:
    """Return the parameters that the browser takes back to the client."""
    assert response.status_code == 302, response.content
    query = parse_qs(urlsplit(response["Location"]).query)
    assert all(len(values) == 1 for values in query.values()), query
    return {name: values[0] for name, values in query.items()}


def bearer(tokens: dict[str, Any]) -> str:
    return f"Bearer {tokens['access_token']}"
