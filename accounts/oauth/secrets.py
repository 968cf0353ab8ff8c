"""The tokens that OAuth clients hold: shaped like ours, told apart by how they start."""

from __future__ import annotations

from typing import Any

from accounts.secrets import ACCESS_PREFIX, REFRESH_PREFIX, make_token


def access_token(request: Any) -> str:
    """Return a new access token."""
    return make_token(ACCESS_PREFIX)


def refresh_token(request: Any) -> str:
    """Return a new refresh token."""
    return make_token(REFRESH_PREFIX)
