"""Which address is believed, and when a request counts as local."""

from __future__ import annotations

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as unhurried
from hypothesis import strategies as st
from pytest_django import Settings
from starlette.types import Scope

from fleetmcp.client_ip import client_ip, is_loopback

PROXY = "10.0.0.9"


def request(peer: str | None, *forwarded: str, header: str = "x-forwarded-for") -> Scope:
    """Return the scope of a request from that peer, one header line for each further word."""
    lines = [(header.encode(), text.encode("latin-1")) for text in forwarded]
    return {"type": "http", "client": (peer, 5000) if peer else None, "headers": lines}


@pytest.mark.proves("IP-NO-PROXY")
@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("testclient", None),
        ("", None),
        (None, None),
    ],
)
def test_without_proxies_the_peer_is_the_client(
    settings: Settings, peer: str | None, address: str | None
) -> None:
    settings.TRUSTED_PROXIES = 0
    assert client_ip(request(peer)) == address


@pytest.mark.proves("IP-NO-PROXY")
def test_without_proxies_a_forwarded_header_is_not_looked_at(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 0
    assert client_ip(request("203.0.113.7", "127.0.0.1", "1.2.3.4, 5.6.7.8")) == "203.0.113.7"


@pytest.mark.proves("IP-PROXIES")
@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, ["203.0.113.7"], "203.0.113.7"),
        (1, ["127.0.0.1, 6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (1, ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        (1, ["6.6.6.6,  2001:DB8::7 "], "2001:db8::7"),
        (1, ["::ffff:203.0.113.7"], "203.0.113.7"),
        (2, ["203.0.113.7, 10.0.0.8"], "203.0.113.7"),
        (2, ["6.6.6.6, 203.0.113.7, 10.0.0.8"], "203.0.113.7"),
        (2, ["6.6.6.6, 203.0.113.7", "10.0.0.8"], "203.0.113.7"),
    ],
)
def test_entry_of_our_outermost_proxy_is_the_client_and_spoofed_ones_before_it_are_not(
    settings: Settings, proxies: int, forwarded: list[str], address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_ip(request(PROXY, *forwarded)) == address


@pytest.mark.proves("IP-UNKNOWN")
@pytest.mark.parametrize(
    ("proxies", "forwarded"),
    [
        (1, []),
        (1, [""]),
        (1, ["203.0.113.7, "]),
        (1, ["203.0.113.7, unknown"]),
        (1, ["203.0.113.7, <script>"]),
        (1, ["203.0.113.7, 1.2.3.4:5678"]),
        (1, ["1.2.3.4.5"]),
        (1, ["1.2.3.4;5.6.7.8"]),
        (2, []),
        (2, ["203.0.113.7"]),
        (2, ["203.0.113.7, , 10.0.0.8"]),
    ],
)
def test_address_that_no_proxy_of_ours_vouches_for_is_unknown(
    settings: Settings, proxies: int, forwarded: list[str]
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_ip(request(PROXY, *forwarded)) is None


@pytest.mark.proves("IP-UNKNOWN")
@unhurried(deadline=None)
@given(st.text(st.characters(max_codepoint=255)), st.integers(0, 2))
def test_whatever_the_header_holds_the_address_is_one_that_the_record_can_keep(
    text: str, proxies: int
) -> None:
    with override_settings(TRUSTED_PROXIES=proxies):
        address = client_ip(request(PROXY, text, f"::1%{text}"))
    assert address is None or (len(address) <= 39 and "%" not in address)


@pytest.mark.proves("IP-LOOPBACK")
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_request_of_this_host_is_local(peer: str) -> None:
    assert is_loopback(request(peer))


@pytest.mark.proves("IP-LOOPBACK")
@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.9", "::2", "localhost", "", None])
def test_request_of_another_host_or_nobody_is_not_local(peer: str | None) -> None:
    assert not is_loopback(request(peer))


@pytest.mark.proves("IP-LOOPBACK")
@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"]
)
def test_request_through_a_proxy_on_this_host_is_not_local(header: str) -> None:
    assert not is_loopback(request("127.0.0.1", "127.0.0.1", header=header))
