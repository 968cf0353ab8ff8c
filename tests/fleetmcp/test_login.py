"""Signing in: one sentence for every failure, counted over all processes, with a second factor."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.test import Client

from accounts.adapters import WAIT, WRONG
from accounts.models import User
from tests.authenticator import code_of
from tests.environment import SETTINGS
from tests.live import Server, free_port, start_server

PASSWORD = "sign-in-with-care-7"


@pytest.fixture(autouse=True)
def _nothing_counted(db: None, settings: Any) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def lead(tess: User) -> User:
    """Tess, with a password."""
    tess.set_password(PASSWORD)
    tess.save()
    return tess


def sign_in(client: Client, name: str, password: str, **extra: str) -> str:
    """Post the login form and return where it leads, or the page's text."""
    reply = client.post("/login/", {"login": name, "password": password}, **extra)  # type: ignore[arg-type]  # headers
    return reply.headers.get("Location") or reply.content.decode()


def confirm(client: Client) -> None:
    """Type the password once more, as one must before changing how one signs in."""
    assert client.post("/account/confirm/?next=/", {"password": PASSWORD}).status_code == 302


def set_up(client: Client) -> str:
    """Set up the second factor and return its key."""
    confirm(client)
    page = client.get("/account/two-factor/set-up/").content.decode()
    found = re.search(r'<code id="key">([A-Z2-7]+)</code>', page)
    assert found, page
    key = found.group(1)
    reply = client.post("/account/two-factor/set-up/", {"code": code_of(key, time.time())})
    assert reply.headers["Location"] == "/account/two-factor/codes/"
    return key


@pytest.mark.proves("LOGIN-WAY")
def test_staff_get_to_the_admin_and_analysts_to_their_own_page(lead: User, alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    assert sign_in(Client(), "tess", PASSWORD) == "/admin/"
    assert sign_in(Client(), "alice", PASSWORD) == "/"


@pytest.mark.proves("LOGIN-WAY")
def test_admins_login_is_ours_and_comes_back_to_the_page(lead: User) -> None:
    client = Client()
    reply = client.get("/admin/accounts/user/", follow=True)
    assert reply.redirect_chain[-1][0].startswith("/login/?next=")
    sent = client.post(
        reply.redirect_chain[-1][0],
        {"login": "tess", "password": PASSWORD, "next": "/admin/accounts/user/"},
    )
    assert sent.headers["Location"] == "/admin/accounts/user/"


@pytest.mark.proves("LOGIN-WAY")
def test_next_page_is_never_on_another_site(lead: User) -> None:
    data = {"login": "tess", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post("/login/", data).headers["Location"] == "/admin/"


@pytest.mark.proves("LOGIN-SAME")
@pytest.mark.parametrize("name", ["tess", "nobody", "alice", "TESS "])
def test_every_wrong_sign_in_is_told_the_same(lead: User, alice: User, name: str) -> None:
    page = sign_in(Client(), name, "wrong-password-1")
    assert WRONG in page.replace("&#x27;", "'")


@pytest.mark.proves("LOGIN-SAME")
def test_inactive_person_is_told_only_with_the_right_password(lead: User) -> None:
    User.objects.filter(pk=lead.pk).update(is_active=False)
    assert sign_in(Client(), "tess", PASSWORD) == "/account/inactive/"
    assert WRONG in sign_in(Client(), "tess", "wrong-password-1").replace("&#x27;", "'")


@pytest.mark.proves("LOGIN-SAME")
@pytest.mark.parametrize("name", ["tess", "nobody", "alice"])
def test_every_wrong_sign_in_hashes_once(
    lead: User, alice: User, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[int] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, *words: object) -> str:
        hashed.append(1)
        return encode(self, *words)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    sign_in(Client(), name, "wrong-password-1")
    assert len(hashed) == 1


@pytest.mark.proves("LOGIN-LIMIT")
def test_sixth_failure_of_a_name_from_one_address_has_to_wait(lead: User) -> None:
    client = Client()
    for _ in range(5):
        sign_in(client, "tess", "wrong-password-1")
    assert WAIT in sign_in(client, "tess", PASSWORD)
    assert sign_in(Client(), "tess", PASSWORD, REMOTE_ADDR="203.0.113.9") == "/admin/"


@pytest.mark.proves("LOGIN-LIMIT")
def test_one_address_can_not_try_one_password_on_everybody(lead: User) -> None:
    for number in range(30):
        sign_in(Client(), f"person{number}", "wrong-password-1")
    assert WAIT in sign_in(Client(), "tess", PASSWORD)


@pytest.mark.proves("LOGIN-LIMIT")
def test_written_proxy_header_does_not_make_another_address(lead: User) -> None:
    for number in range(5):
        sign_in(Client(), "tess", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    assert WAIT in sign_in(Client(), "tess", PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.77")


@pytest.mark.proves("LOGIN-LIMIT")
def test_right_passwords_are_not_counted(lead: User) -> None:
    for _ in range(8):
        assert sign_in(Client(), "tess", PASSWORD) == "/admin/"


@pytest.mark.proves("LOGIN-NO-SIGNUP")
@pytest.mark.parametrize("path", ["signup", "password/reset", "email", "login/code"])
def test_what_we_do_not_offer_does_not_exist(db: None, path: str) -> None:
    for prefix in ("/", "/account/", "/accounts/"):
        assert Client().get(f"{prefix}{path}/").status_code == 404


@pytest.mark.proves("LOGIN-SESSION")
def test_session_ends_with_the_browser_and_after_half_a_day(lead: User) -> None:
    client = Client()
    sign_in(client, "tess", PASSWORD)
    cookie = client.cookies["sessionid"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")
    assert client.session.get_expiry_age() == 12 * 60 * 60


@pytest.mark.proves("LOGIN-PASSWORD")
def test_person_changes_their_own_password(lead: User) -> None:
    client = Client()
    sign_in(client, "tess", PASSWORD)
    new = "another-good-one-8"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/", form).headers["Location"] == "/admin/"
    assert sign_in(Client(), "tess", new) == "/admin/"


@pytest.mark.proves("LOGIN-PASSWORD")
def test_person_without_a_password_has_none_to_change(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert client.get("/account/password/").status_code == 404
    assert "/account/password/" not in client.get("/").content.decode()


def fail_at(server: Server) -> str:
    """Try a wrong password at that process and return what it says."""
    with httpx.Client(base_url=server.url) as browser:
        page = browser.get("/login/").text
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        form = {"login": "tess", "password": "wrong", "csrfmiddlewaretoken": token}
        return browser.post("/login/", data=form).text


@pytest.mark.proves("LOGIN-LIMIT")
def test_failures_are_counted_over_processes_and_restarts(tmp_path: Path) -> None:
    with start_server(tmp_path, SETTINGS["DATABASE_URL"]) as first:
        second = Server(f"http://127.0.0.1:{free_port()}", tmp_path, first.environ)
        second.start()
        try:
            assert not any(WAIT in fail_at(server) for server in (first, second, first, second))
            first.stop()
            first.start()
            assert WAIT not in fail_at(first)
            assert all(WAIT in fail_at(server) for server in (first, second))
        finally:
            second.stop()
