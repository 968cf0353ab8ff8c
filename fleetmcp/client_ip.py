"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from starlette.datastructures import Headers
from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PROXY_HEADERS = ("x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via")


def client_ip(scope: Scope) -> str | None:
    """Return the client's address, or None when nobody trustworthy says it.

    Each of our own TRUSTED_PROXIES appends one entry to X-Forwarded-For; what stands before those
    was written by the client and is not looked at. With fewer entries the request did not come
    through all of our proxies, so that no entry is sure to be one of theirs.
    """
    proxies = settings.TRUSTED_PROXIES
    if not proxies:
        address = _address(_peer(scope))
    else:
        hops = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        address = _address(hops[-proxies].strip()) if len(hops) >= proxies else None
    return str(address) if address else None


def is_loopback(scope: Scope) -> bool:
    """Say whether the request comes from this host itself, not through a proxy on it."""
    if any(header in Headers(scope=scope) for header in _PROXY_HEADERS):
        return False
    address = _address(_peer(scope))
    return address is not None and address.is_loopback


def _peer(scope: Scope) -> str:
    """Return the other end of the connection; a Unix socket has none."""
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


def _address(text: str) -> Address | None:
    """Read an address; a mapped IPv4 address is that one, a scope id (free text) is dropped."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address
