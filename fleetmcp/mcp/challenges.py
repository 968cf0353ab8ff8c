"""How a caller is turned away so that their client knows where to sign in (RFC 6750, RFC 9728)."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs

from django.conf import settings
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from accounts.oauth.provider import SCOPE
from accounts.oauth.resources import metadata_url
from fleetmcp import metrics

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


def unauthorized(scope: Scope, sentence: str) -> Response:
    """Return 401, counted; with an error code only if something was sent."""
    metrics.UNAUTHORIZED.inc()
    error = "invalid_token" if is_anything_sent(scope) else ""
    return challenged(HTTPStatus.UNAUTHORIZED, scope, sentence, error)


def challenged(status: HTTPStatus, scope: Scope, sentence: str, error: str) -> Response:
    """Return the refusal with the header that says where to sign in."""
    reply = told(status, sentence)
    reply.headers["WWW-Authenticate"] = challenge(scope["path"], error, sentence)
    return reply


def not_allowed() -> Response:
    """Return 405: there is no stream to GET and no session to DELETE."""
    reply = told(HTTPStatus.METHOD_NOT_ALLOWED, "Only POST is answered here: no stream is kept.")
    reply.headers["Allow"] = "POST"
    return reply


def told(status: HTTPStatus, sentence: str) -> Response:
    """Return the status with a sentence, for people and models alike."""
    body = {"error": status.phrase.lower().replace(" ", "_"), "error_description": sentence}
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


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
