"""Clients that register themselves (RFC 7591): few, small, and only of the kind that we serve."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from oauth2_provider.generators import generate_client_secret

from accounts.adapters import request_ip
from accounts.models import Application
from accounts.oauth.provider import GRANT_TYPES, SCOPE
from accounts.secrets import digest

MAX_BYTES = 8 * 1024
MAX_REDIRECTS = 10
# One address may take a quarter of what the server takes in an hour, and five in any case: all of
# claude.ai has few addresses, and registers twice for each person.
SHARE_OF_ONE_ADDRESS = 4
LEAST_OF_ONE_ADDRESS = 5

# Claude lists it, for companies that sign in by assertion; nobody is granted it.
TOLERATED_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUTH_METHODS = ("none", "client_secret_post", "client_secret_basic")


class Unregistrable(Exception):
    """A registration that is refused: RFC 7591's code, and a sentence."""

    def __init__(
        self, code: str, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        self.code, self.status = code, status
        super().__init__(sentence)


@dataclass(frozen=True)
class Wanted:
    """What a client says of itself, examined."""

    name: str
    redirect_uris: tuple[str, ...]
    auth_method: str


@method_decorator(csrf_exempt, name="dispatch")
class RegistrationView(View):
    """POST /oauth/register; there is nothing to read, change or delete afterwards."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """Register a client and return all that it needs to know."""
        try:
            if not settings.OAUTH2_PROVIDER["DCR_ENABLED"]:
                raise Unregistrable(
                    "not_found", "Clients can't register here.", HTTPStatus.NOT_FOUND
                )
            ip = request_ip(request)
            wanted = examined(_body(request))
            refuse_too_many(ip)
            return _answer(registered(wanted, ip), HTTPStatus.CREATED)
        except Unregistrable as error:
            told = {"error": error.code, "error_description": str(error)}
            return _answer(told, error.status)


def examined(data: Any) -> Wanted:
    """Return what a client wants to be; raise Unregistrable for what we don't serve."""
    if not isinstance(data, dict):
        raise Unregistrable("invalid_client_metadata", "Send one JSON object.")
    uris = _words(data, "redirect_uris", [])
    if not uris or len(uris) > MAX_REDIRECTS or any(len(uri.split()) != 1 for uri in uris):
        text = f"redirect_uris must hold 1 to {MAX_REDIRECTS} addresses."
        raise Unregistrable("invalid_redirect_uri", text)
    grants = {*_words(data, "grant_types", GRANT_TYPES)} - {TOLERATED_GRANT}
    if not {"authorization_code"} <= grants <= set(GRANT_TYPES):
        text = "grant_types must be authorization_code, with or without refresh_token."
        raise Unregistrable("invalid_client_metadata", text)
    if _words(data, "response_types", ["code"]) != ["code"]:
        raise Unregistrable("invalid_client_metadata", "response_types must be code.")
    name, method = data.get("client_name") or "", data.get("token_endpoint_auth_method")
    method = method or "client_secret_basic"
    if not isinstance(name, str) or method not in AUTH_METHODS:
        text = f"token_endpoint_auth_method must be one of {', '.join(AUTH_METHODS)}."
        raise Unregistrable("invalid_client_metadata", text)
    return Wanted(name[:255], tuple(uris), method)


def refuse_too_many(ip: str | None) -> None:
    """Raise Unregistrable over the limits of an hour, which the table itself counts.

    So they hold over all processes. Two at the same moment may both be the last: a limit of
    clutter, not of access.
    """
    hour = timezone.now() - timedelta(hours=1)
    recent = Application.objects.filter(
        registration_source=Application.RegistrationSource.DCR, created__gt=hour
    )
    most = settings.OAUTH_REGISTRATIONS_PER_HOUR
    share = max(LEAST_OF_ONE_ADDRESS, most // SHARE_OF_ONE_ADDRESS)
    if recent.count() >= most or (ip and recent.filter(created_ip=ip).count() >= share):
        text = "Too many clients registered lately: try again in an hour."
        raise Unregistrable("temporarily_unavailable", text, HTTPStatus.TOO_MANY_REQUESTS)


@sensitive_variables("secret")
def registered(wanted: Wanted, ip: str | None) -> dict[str, Any]:
    """Store the client and return RFC 7591's reply, with its secret if it has one."""
    public = wanted.auth_method == "none"
    secret = "" if public else generate_client_secret()
    client = Application(
        name=wanted.name,
        redirect_uris=" ".join(wanted.redirect_uris),
        client_type=Application.CLIENT_PUBLIC if public else Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        registration_source=Application.RegistrationSource.DCR,
        created_ip=ip,
    )
    if secret:
        # Random and long, so a slow hash would protect nothing, and anybody may have it compared.
        client.client_secret, client.hash_client_secret = digest(secret), False
    try:
        client.full_clean()
    except ValidationError as error:
        raise Unregistrable("invalid_redirect_uri", " ".join(error.messages)) from None
    client.save()
    return _reply(client, wanted) | (
        {"client_secret": secret, "client_secret_expires_at": 0} if secret else {}
    )


def _reply(client: Application, wanted: Wanted) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        "client_name": client.name,
        "redirect_uris": list(wanted.redirect_uris),
        "grant_types": GRANT_TYPES,
        "response_types": ["code"],
        "token_endpoint_auth_method": wanted.auth_method,
        "scope": SCOPE,
    }


def _body(request: HttpRequest) -> Any:
    # The length is the server's own count; a body without one is read to the limit only.
    raw = request.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        text = f"The metadata has more than {MAX_BYTES:,} bytes."
        raise Unregistrable("invalid_client_metadata", text, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Unregistrable("invalid_client_metadata", "Send JSON.") from None


def _words(data: dict[str, Any], name: str, default: list[str]) -> list[str]:
    found = data.get(name, default)
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise Unregistrable("invalid_client_metadata", f"{name} must be a list of texts.")
    return found


def _answer(data: dict[str, Any], status: HTTPStatus) -> JsonResponse:
    return JsonResponse(data, status=status, headers={"Cache-Control": "no-store"})
