"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from starlette.datastructures import Headers
from starlette.types import Scope


def client_ip(scope: Scope) -> str | None:
    """Return the client's address, or None when nobody trustworthy says it.

    Each of our own TRUSTED_PROXIES appends one entry to X-Forwarded-For; what stands before those
    was written by the client and is not looked at.
    """
    peer = scope.get("client")
    address = peer[0] if peer else ""
    if settings.TRUSTED_PROXIES:
        hops = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES].strip()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def is_loopback(scope: Scope) -> bool:
    """Say whether the request comes from this host itself, not through a proxy on it."""
    peer = scope.get("client")
    if not peer or "x-forwarded-for" in Headers(scope=scope):
        return False
    try:
        return ipaddress.ip_address(peer[0]).is_loopback
    except ValueError:
        return False
