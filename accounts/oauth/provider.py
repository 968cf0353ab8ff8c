"""What django-oauth-toolkit is told: the strict side of each of its choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SCOPE = "analytics:read"
SCOPE_TEXT = "Ask read-only questions of the company's fleet data, within your own limits"
CODE_SECONDS = 60
GRANT_TYPES = ["authorization_code", "refresh_token"]

_STRICT = (
    "IMPLICIT_GRANT PASSWORD_GRANT PKCE_METHOD ACCESS_TOKEN_TRANSPORT AUTHZ_RESPONSE_ISS "
    "TOKEN_STORAGE REFRESH_TOKEN REDIRECT_URI_MATCHING PKCE_REQUIRED"
).split()
_AUTH_METHODS = ["none", "client_secret_post", "client_secret_basic"]


@dataclass(frozen=True)
class Lifetimes:
    """Seconds that an access token lives, and that a connection may rest."""

    access: int
    refresh: int


def provider(
    public_url: str, hosts: list[str], lives: Lifetimes, *, registration: bool, documents: bool
) -> dict[str, Any]:
    """Return the value of the OAUTH2_PROVIDER setting."""
    return {
        **{f"COMPLIANT_BCP_RFC9700_{name}": True for name in _STRICT},
        # Knows authorization codes and refresh tokens, and no other grant.
        "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.WebApplicationServer",
        "OAUTH2_BACKEND_CLASS": "accounts.oauth.backend.Backend",
        "OAUTH2_VALIDATOR_CLASS": "accounts.oauth.validator.Validator",
        "SCOPES": {SCOPE: SCOPE_TEXT},
        "DEFAULT_SCOPES": [SCOPE],
        "ACCESS_TOKEN_GENERATOR": "accounts.oauth.secrets.access_token",
        "REFRESH_TOKEN_GENERATOR": "accounts.oauth.secrets.refresh_token",
        "ACCESS_TOKEN_EXPIRE_SECONDS": lives.access,
        "REFRESH_TOKEN_EXPIRE_SECONDS": lives.refresh,
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": CODE_SECONDS,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "PKCE_REQUIRED": True,
        # http is for loopback only, which Application.clean sees to.
        "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        "ALLOW_LOCALHOST_LOOPBACK": True,
        # The issuer and, from it, the address of each endpoint; never the request's Host.
        "OIDC_ISS_ENDPOINT": public_url,
        "OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": [public_url],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_GRANT_TYPES_SUPPORTED": GRANT_TYPES,
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": _AUTH_METHODS,
        "DCR_ENABLED": registration,
        "CIMD_ENABLED": documents,
        "CIMD_ALLOWED_HOSTS": hosts,
        "CIMD_METADATA_FETCHER": "accounts.oauth.documents.DocumentFetcher",
        "CIMD_REGISTRATION_PERMISSION_CLASSES": (
            "oauth2_provider.cimd.HostAllowlistCIMDPermission",
        ),
    }
