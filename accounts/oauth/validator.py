"""What the authorization server allows: the toolkit's rules, and those that it leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from accounts.models import AccessToken, Connection, Grant, RefreshToken, User, may_use_mcp
from accounts.oauth import connections
from accounts.oauth.provider import SCOPE
from accounts.oauth.resources import are_ours, audience
from accounts.secrets import digest

if TYPE_CHECKING:
    from oauthlib.common import Request

# Some clients append it on their own; refresh tokens are given anyway.
_TOLERATED = {"", "offline_access"}


class Validator(OAuth2Validator):
    """Each method answers one question of oauthlib's; what it returns False for is refused."""

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Request,
        *args: Any, **kwargs: Any,
    ) -> bool:  # fmt: skip
        """Return False for any scope but ours; what is granted is always just ours."""
        request.scopes = [SCOPE]
        return _is_ours(scopes)

    def is_within_original_scope(
        self, request_scopes: list[str], refresh_token: str, request: Request,
        *args: Any, **kwargs: Any,
    ) -> bool:  # fmt: skip
        """Return False for a refresh that asks for more than it had."""
        request.scopes = [SCOPE]
        return _is_ours(request_scopes)

    def _create_authorization_code(
        self, request: Request, code: dict[str, str], expires: Any = None
    ) -> Any:
        request.resource = _checked(getattr(request, "resource", None) or [], request)
        # OpenID's, of any length, for tokens that we have not.
        request.nonce = request.claims = None
        grant = super()._create_authorization_code(request, code, expires)
        grant.connection = connections.make_connection(
            user=request.user,
            application=request.client,
            redirect_uri=request.redirect_uri,
            code=code["code"],
            ip=getattr(request, "client_ip", None),
        )
        grant.save(update_fields=["connection"])
        return grant

    @sensitive_variables()
    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return False for a code that is unknown, late, used, or whose person may not come in."""
        if not (code.isascii() and code.isalnum()):
            return False  # PostgreSQL raises over some of what is no code of ours
        grant = Grant.objects.select_related("connection__user").filter(code=code).first()
        if grant is None:
            _revoke_if_used_before(code, client)
            return False
        request.connection = grant.connection
        if grant.resource != audience() or not _may_go_on(grant.connection):
            return False
        return bool(super().validate_code(client_id, code, client, request, *args, **kwargs))

    @sensitive_variables()
    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return False if it is unknown, used or late, or if its person may not come in."""
        found = RefreshToken.objects.select_related("connection__user").filter(
            token_checksum=digest(refresh_token)
        )
        if not super().validate_refresh_token(refresh_token, client, request, *args, **kwargs):
            _revoke_if_replayed(found.first())
            return False
        token = found.get()
        request.connection = token.connection
        return token.resource == audience() and _may_go_on(token.connection)

    def _check_and_set_request_resource(self, request: Request) -> None:
        named = [value for name, value in request.decoded_body or [] if name == "resource"]
        request.resource = _checked(named, request)

    def _save_bearer_token(self, token: Any, request: Request, *args: Any, **kwargs: Any) -> None:
        used = getattr(request, "refresh_token_instance", None)
        if used is not None:
            # Of two requests with the same token at the same moment only one gets the next.
            locked = RefreshToken.objects.select_for_update().get(pk=used.pk)
            if locked.revoked is not None:
                raise errors.InvalidGrantError(request=request)
        else:
            # And of two with the same code only one gets the first.
            super().invalidate_authorization_code(request.client_id, request.code, request)
        super()._save_bearer_token(token, request, *args, **kwargs)
        connections.keep_alive(connection=request.connection, first=used is None)

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Do nothing: the code went when its tokens were stored."""

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        """Say whether it is the client's; a public client has none."""
        provided = digest(provided_secret) if stored_secret else provided_secret
        return constant_time_compare(provided, stored_secret)

    def _create_access_token(
        self, expires: Any, request: Request, token: Any, source_refresh_token: Any = None
    ) -> Any:
        expires = min(expires, request.connection.ends_at)
        created = super()._create_access_token(expires, request, token, source_refresh_token)
        return _belonging(created, request.connection)

    def _create_refresh_token(
        self, request: Request, refresh_token_code: str, access_token: Any, previous: Any
    ) -> Any:
        created = super()._create_refresh_token(request, refresh_token_code, access_token, previous)
        return _belonging(created, request.connection)

    @sensitive_variables()
    def revoke_token(
        self, token: str, token_type_hint: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Revoke the whole connection that a token of this client belongs to."""
        its_own = {"token_checksum": digest(token), "application": request.client}
        for model in (AccessToken, RefreshToken):
            found = model.objects.select_related("connection").filter(**its_own).first()
            if found is not None and found.connection is not None:
                connections.revoke_connection(
                    connection=found.connection, revoked_by=None, reason="The client signed out."
                )


def _is_ours(scopes: list[str]) -> bool:
    return {scope.strip() for scope in scopes} - _TOLERATED <= {SCOPE}


def _checked(named: list[str], request: Request) -> list[str]:
    """Return our audience; raise invalid_target if anything else was named."""
    if not are_ours(named):
        raise foreign_resource(request=request)
    return audience()


def foreign_resource(**known: Any) -> errors.CustomOAuth2Error:
    """Return the error for who asks for a token for another server."""
    text = f"Tokens are issued for {audience()[0]} only."
    return errors.CustomOAuth2Error(error="invalid_target", description=text, **known)


def _may_go_on(connection: Connection | None) -> bool:
    """Ask the database now: what held at the consent may have been taken away."""
    if connection is None or not connection.is_usable(timezone.now()):
        return False
    return User.objects.filter(may_use_mcp(), pk=connection.user_id, is_active=True).exists()


def _revoke_if_used_before(code: str, client: Any) -> None:
    known = Connection.objects.filter(code_digest=digest(code), application=client).first()
    if known is not None and known.refreshed_at is not None:
        connections.revoke_for_replay(connection=known, what="A sign-in code")


def _revoke_if_replayed(token: RefreshToken | None) -> None:
    if token is not None and token.revoked is not None and token.connection is not None:
        connections.revoke_for_replay(connection=token.connection, what="A refresh token")


def _belonging(token: Any, connection: Connection) -> Any:
    token.connection = connection
    token.save(update_fields=["connection"])
    return token
