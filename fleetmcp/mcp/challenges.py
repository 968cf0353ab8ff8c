"""How a caller is turned away so that their client knows where to sign in (RFC 6750, RFC 9728)."""

from __future__ import annotations

from urllib.parse import parse_qs

from django.conf import settings
from starlette.datastructures import Headers
from starlette.types import Scope

from accounts.oauth.provider import SCOPE
from accounts.oauth.resources import metadata_url

NOT_IN_THE_ADDRESS = (
    "A token in the address ends up in logs, so it is refused there: send it as "
    "'Authorization: Bearer <token>', and revoke the one that you sent."
)
_TOKEN = "access_token"  # noqa: S105  # a parameter's name


def is_token_in_query(scope: Scope) -> bool:
    """Return True if somebody sent a token in the address."""
    return _TOKEN in parse_qs(scope.get("query_string", b"").decode("latin-1"), True)


def is_anything_sent(scope: Scope) -> bool:
    """Return True if the request tried to say who sends it."""
    return bool(Headers(scope=scope).get("authorization", "").strip()) or is_token_in_query(scope)


def challenge(path: str, error: str, sentence: str) -> str:
    """Return the WWW-Authenticate header for a request to that path; ``error`` may be empty."""
    parts = {"realm": settings.MCP_SERVER_NAME}
    if error:
        parts |= {"error": error, "error_description": sentence}
    parts |= {"resource_metadata": metadata_url(path), "scope": SCOPE}
    return "Bearer " + ", ".join(f'{name}="{_quoted(text)}"' for name, text in parts.items())


def _quoted(text: str) -> str:
    """A quoted-string can't hold these; header names and values are ASCII."""
    return text.encode("ascii", "replace").decode().replace("\\", "").replace('"', "'")
