"""The way from outside to us: PUBLIC_URL, proxies, TLS, static files."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from fleetmcp.doctor.lines import Line, fail, ok, warn

SECONDS = 5
DAY = 86_400
_LOCAL = ("127.0.0.1", "localhost", "::1")
_ROUTE = "Check DNS, the proxy's route to port 8892, and that fleetmcp runs."


def public_url() -> Iterator[Line]:
    """Clients reach us over TLS."""
    where = _public()
    if where.scheme == "https":
        yield ok(f"PUBLIC_URL is {settings.PUBLIC_URL}.")
    elif where.hostname in _LOCAL:
        yield warn(
            f"PUBLIC_URL is {settings.PUBLIC_URL}: good for trying on this machine only.",
            "Set it to the https address that clients use.",
        )
    else:
        yield fail(
            f"PUBLIC_URL is {settings.PUBLIC_URL}: tokens would travel in the clear.",
            "Put TLS in front (Traefik does it), and set PUBLIC_URL to the https address.",
        )


def proxies() -> Iterator[Line]:
    """Whoever ends TLS is counted in TRUSTED_PROXIES."""
    count = settings.TRUSTED_PROXIES
    if _public().scheme == "https" and not count:
        yield fail(
            "PUBLIC_URL is https, and TRUSTED_PROXIES is 0: the record would name the proxy's "
            "address for everybody, and the admin would take https for http.",
            "Set TRUSTED_PROXIES to the number of your proxies in front; behind Traefik alone, 1.",
        )
    elif _public().scheme == "http" and count:
        yield warn(
            f"TRUSTED_PROXIES is {count}, though PUBLIC_URL is not https.",
            "Without a proxy in front anybody could claim any address: set it to 0.",
        )
    else:
        yield ok(f"TRUSTED_PROXIES is {count}.")


def certificate() -> Iterator[Line]:
    """The certificate is trusted and lasts."""
    where = _public()
    if where.scheme != "https":
        return
    try:
        until = _valid_until(str(where.hostname), where.port or 443)
    except ssl.SSLCertVerificationError as error:
        yield fail(
            f"The certificate is not trusted: {error.verify_message}.",
            "See the proxy's log: its certificate resolver, and that DNS names this host.",
        )
    except OSError as error:
        yield fail(f"PUBLIC_URL can't be reached over TLS: {type(error).__name__}.", _ROUTE)
    else:
        yield judged_certificate((until - time.time()) / DAY)


def _valid_until(host: str, port: int) -> float:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), SECONDS) as raw,
        context.wrap_socket(raw, server_hostname=host) as wrapped,
    ):
        return float(ssl.cert_time_to_seconds(str((wrapped.getpeercert() or {})["notAfter"])))


def judged_certificate(days: float) -> Line:
    """Say what we think of so many days left."""
    text = f"The certificate is trusted, and valid for {days:.0f} more days."
    todo = "The proxy renews it 30 days before its end: see why it does not."
    if days < 7:
        return fail(text, todo)
    return warn(text, todo) if days < 21 else ok(text)


def door() -> Iterator[Line]:
    """From outside, our own /healthz and /mcp answer, and the proxy names whom it speaks for."""
    try:
        with httpx.Client(
            timeout=SECONDS, trust_env=False, verify=ssl.create_default_context()
        ) as client:
            health = client.get(f"{settings.PUBLIC_URL}/healthz")
            mcp = client.get(f"{settings.PUBLIC_URL}/mcp")
    except httpx.HTTPError as error:
        yield _unreachable(type(error).__name__)
        return
    yield from judged_door(health, mcp)


def _unreachable(why: str) -> Line:
    text = f"Nothing answers at {settings.PUBLIC_URL} from here: {why}."
    if _public().hostname in _LOCAL:
        return warn(text, "Start fleetmcp, or set PUBLIC_URL to the address that clients use.")
    return fail(text, _ROUTE)


def judged_door(health: httpx.Response, mcp: httpx.Response) -> Iterator[Line]:
    """Say what we think of these two answers."""
    if not _is_ours(health):
        yield fail(f"Something else answers at {settings.PUBLIC_URL}.", _ROUTE)
        return
    if mcp.status_code != httpx.codes.METHOD_NOT_ALLOWED:
        yield fail(f"GET /mcp is answered with {mcp.status_code}, not with our 405.", _ROUTE)
    if "tokens" in health.json() and _public().hostname not in _LOCAL:
        yield fail(
            "The proxy does not say whom it speaks for: everybody looks like this host itself.",
            "Let the proxy set X-Forwarded-For and X-Forwarded-Proto.",
        )
    else:
        yield ok(f"fleetmcp answers at {settings.PUBLIC_URL}.")


def _is_ours(reply: httpx.Response) -> bool:
    try:
        return reply.is_success and reply.json().get("server") == settings.MCP_SERVER_NAME
    except (ValueError, AttributeError):
        return False


def static_files() -> Iterator[Line]:
    """The admin's files are collected and hashed."""
    names = getattr(staticfiles_storage, "hashed_files", {})
    missing = [one for one in names.values() if not staticfiles_storage.exists(one)]
    if missing:
        yield fail(f"{len(missing)} static files are missing.", "Run `manage.py collectstatic`.")
    elif names:
        yield ok(f"{len(names)} static files are collected and hashed.")
    else:
        yield warn(
            "Static files are not collected: they are served from where they lie, unhashed.",
            "Run `manage.py collectstatic` (the image has done that).",
        )


def _public() -> SplitResult:
    return urlsplit(settings.PUBLIC_URL)
