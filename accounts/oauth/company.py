"""What django-allauth is told of the company's sign-in."""

from __future__ import annotations

from typing import Any

PROVIDER = "company"


def sso_providers(url: str, client_id: str, secret: str, name: str) -> dict[str, dict[str, Any]]:
    """Return the value of SOCIALACCOUNT_PROVIDERS: the company's, or none without a URL."""
    if not url:
        return {}
    company = {
        "provider_id": PROVIDER,
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": url},
    }
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [company]}}
