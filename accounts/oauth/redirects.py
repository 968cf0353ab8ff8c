"""Which addresses a sign-in may be sent to, and who is who among them."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from django.conf import settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_LENGTH = 500


def why_bad_redirect(uri: str) -> str:
    """Return why no code may be sent to that address, or "".

    https on one of OAUTH_CLIENT_HOSTS, or http on the person's own computer; nothing else.
    """
    parts = _split(uri)
    if parts is None or len(uri) > MAX_LENGTH or not uri.isprintable() or "\\" in uri:
        return "A redirect address can't be read."
    if "#" in uri or "@" in parts.netloc or "*" in parts.netloc:
        return "A redirect address has no fragment, user name or wildcard."
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return ""
    if (
        parts.scheme == "https"
        and parts.hostname in settings.OAUTH_CLIENT_HOSTS
        and _own_port(parts)
    ):
        return ""
    return (
        "A redirect address must be http on localhost, or https on one of: "
        f"{', '.join(settings.OAUTH_CLIENT_HOSTS) or 'no host'}."
    )


def host_of(uri: str) -> str:
    """Return the host that an address names, or ""."""
    parts = _split(uri)
    return (parts.hostname or "") if parts else ""


def origin_of(uri: str) -> str:
    """Return scheme, host and port of an address, as a Content-Security-Policy names them.

    It has no words for an IPv6 address, so that is the scheme alone.
    """
    parts = _split(uri)
    if parts is None:
        return ""
    return f"{parts.scheme}:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"


def is_loopback(uri: str) -> bool:
    """Return True for an address on the computer of whoever opens it."""
    return host_of(uri) in LOOPBACK


def _own_port(parts: SplitResult) -> bool:
    return parts.port in (None, 443)


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None
