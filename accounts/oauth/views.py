"""The consent page: who asks, for what, on whose behalf, and where the answer goes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.views.base import AuthorizationView
from oauthlib.oauth2.rfc6749 import errors

from accounts.adapters import request_ip
from accounts.models import Application, User, may_use_mcp
from accounts.oauth.connections import client_host, shown_name
from accounts.oauth.redirects import host_of, is_loopback, origin_of
from accounts.oauth.resources import are_ours, audience
from accounts.oauth.validator import foreign_resource

Asked = tuple[list[str], dict[str, Any]]
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@method_decorator(never_cache, name="dispatch")
class ConsentView(AuthorizationView):
    """Shows the page on GET, always, and obeys its buttons on POST.

    What was asked is read from the address both times; nothing of it travels through the form.
    """

    template_name = "oauth/consent.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the consent page, or the error page, or the error for the client."""
        try:
            _, credentials = self.validate_authorization_request(request)
        except OAuthToolkitError as error:
            return self.error_response(error, application=None)
        if "login" in request.GET.get("prompt", "").split():
            response: HttpResponse = self.handle_prompt_login()
            return response
        return self._page(request, credentials)

    def handle_no_permission(self) -> HttpResponse:  # type: ignore[override]  # as the toolkit's
        """Let the person sign in, but not for a request that must fail."""
        try:
            self.validate_authorization_request(self.request)
        except OAuthToolkitError as error:
            return self.error_response(error, application=None)
        response: HttpResponse = super().handle_no_permission()
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the client its code, or that the person denied, or let another person sign in."""
        if "switch" in request.POST:
            logout(request)
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        try:
            scopes, credentials = self.validate_authorization_request(request)
            address, *_ = self.create_authorization_response(
                request,
                scopes=" ".join(scopes),
                credentials={**credentials, "client_ip": request_ip(request)},
                allow="allow" in request.POST and _may_use(request.user),
            )
        except OAuthToolkitError as error:
            return self.error_response(error, application=None)
        return self.redirect(address, None)

    def validate_authorization_request(self, request: HttpRequest) -> Asked:
        """Return scopes and credentials; raise OAuthToolkitError, more often than the toolkit."""
        scopes, credentials = super().validate_authorization_request(request)
        wrong = _wrong_with(request, credentials)
        if wrong is not None:
            raise OAuthToolkitError(error=wrong, redirect_uri=credentials["redirect_uri"])
        credentials["resource"] = audience()
        return scopes, credentials

    def redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        """Send the browser to the client, and always say who answers (RFC 9207)."""
        response: HttpResponse = super().redirect(_with_issuer(redirect_to), application)
        return response

    def error_response(self, error: Any, application: Any = None, **kwargs: Any) -> HttpResponse:
        """Tell the client; if it can't be known or trusted, tell the person."""
        if isinstance(error, FatalClientError):
            context = {"why": error.oauthlib_error.description or error.oauthlib_error.error}
            return self._rendered("oauth/refused.html", context, status=400)
        response: HttpResponse = super().error_response(error, application, **kwargs)
        return response

    def _page(self, request: HttpRequest, credentials: dict[str, Any]) -> HttpResponse:
        client = Application.objects.get(client_id=credentials["client_id"])
        redirect_uri = credentials["redirect_uri"]
        context = {
            "client_name": shown_name(client),
            "client_host": client_host(client),
            "redirect_host": host_of(redirect_uri),
            "is_loopback": is_loopback(redirect_uri),
            "may_use": _may_use(request.user),
            "server_name": settings.MCP_SERVER_NAME,
            "days": settings.OAUTH_CONNECTION_DAYS,
        }
        return self._rendered("oauth/consent.html", context, form_action=origin_of(redirect_uri))

    def _rendered(
        self, template: str, context: dict[str, Any], *, status: int = 200, form_action: str = ""
    ) -> HttpResponse:
        self.template_name = template
        response: HttpResponse = self.render_to_response(context, status=status)
        # Browsers hold the answer's redirect against this list too.
        response._csp_update = {  # type: ignore[attr-defined]  # what django-csp looks for
            "form-action": [origin for origin in (form_action,) if origin],
        }
        return response


def _may_use(user: Any) -> bool:
    return User.objects.filter(may_use_mcp(), pk=user.pk, is_active=True).exists()


def _wrong_with(request: HttpRequest, credentials: dict[str, Any]) -> errors.OAuth2Error | None:
    """Return what the toolkit would find too late, or never."""
    state = credentials.get("state")
    if not are_ours(request.GET.getlist("resource")):
        return foreign_resource(state=state)
    if credentials.get("code_challenge_method") != "S256":
        text = "code_challenge_method must be S256."
        return errors.InvalidRequestError(description=text, state=state)
    if not _CHALLENGE.fullmatch(credentials.get("code_challenge") or ""):
        text = "code_challenge must be a SHA-256 in base64url: 43 characters."
        return errors.InvalidRequestError(description=text, state=state)
    return None


def _with_issuer(address: str) -> str:
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if name != "iss"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("iss", settings.PUBLIC_URL)])))
