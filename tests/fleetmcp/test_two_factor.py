"""The second factor: set up, asked for, demanded of staff, taken away by a superuser."""

from __future__ import annotations

import json
import re
import time
from html import unescape
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from tests.authenticator import code_of
from tests.fleetmcp.test_login import (
    PASSWORD,
    _nothing_counted,  # noqa: F401  # fixture
    confirm,
    lead,  # noqa: F401  # fixture
    set_up,
    sign_in,
)

SET_UP = "/account/two-factor/set-up/"


def signed_in(name: str) -> Client:
    """Return the client of somebody who has just signed in."""
    client = Client()
    sign_in(client, name, PASSWORD)
    return client


def fresh_code(key: str) -> str:
    """Return a code that was not used yet, as the next half minute would show it."""
    cache.clear()
    return code_of(key, time.time())


@pytest.mark.proves("TWO-FACTOR-SET-UP")
def test_second_factor_is_asked_for_from_then_on(lead: User) -> None:  # noqa: F811
    key = set_up(signed_in("tess"))
    client = Client()
    assert sign_in(client, "tess", PASSWORD) == "/account/two-factor/sign-in/"
    assert "/login/" in client.get("/admin/").headers["Location"]
    reply = client.post("/account/two-factor/sign-in/", {"code": fresh_code(key)})
    assert reply.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.proves("TWO-FACTOR-SET-UP")
def test_code_is_drawn_by_svg_without_style_and_said_as_text(lead: User) -> None:  # noqa: F811
    client = signed_in("tess")
    assert client.get(SET_UP).headers["Location"].startswith("/account/confirm/")
    confirm(client)
    page = client.get(SET_UP).content.decode()
    assert "<svg" in page
    assert 'data-copy="key"' in page
    assert "style=" not in page
    assert "data:" not in page


@pytest.mark.proves("TWO-FACTOR-ONCE")
def test_code_works_once(lead: User) -> None:  # noqa: F811
    key = set_up(signed_in("tess"))
    code = fresh_code(key)
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, "tess", PASSWORD)
    assert first.post("/account/two-factor/sign-in/", {"code": code}).status_code == 302
    assert second.post("/account/two-factor/sign-in/", {"code": code}).status_code == 200


@pytest.mark.proves("TWO-FACTOR-ONCE")
def test_codes_can_not_be_tried_out(lead: User) -> None:  # noqa: F811
    key = set_up(signed_in("tess"))
    cache.clear()
    client = Client()
    sign_in(client, "tess", PASSWORD)
    for _ in range(5):
        client.post("/account/two-factor/sign-in/", {"code": "000000"})
    right = {"code": code_of(key, time.time())}
    assert "Too many failed attempts" in client.post("/account/two-factor/sign-in/", right).text


@pytest.mark.proves("TWO-FACTOR-CODES")
def test_recovery_code_signs_in_once(lead: User) -> None:  # noqa: F811
    client = signed_in("tess")
    set_up(client)
    page = client.get("/account/two-factor/codes/").content.decode()
    code = re.findall(r"^\d{8}$", page.replace('Recovery codes">', "\n"), re.MULTILINE)[0]
    for expected in (302, 200):
        again = Client()
        sign_in(again, "tess", PASSWORD)
        reply = again.post("/account/two-factor/sign-in/", {"code": code})
        assert reply.status_code == expected


@pytest.mark.proves("TWO-FACTOR-KEY")
def test_stored_key_is_useless_without_the_secret_key(lead: User, settings: Any) -> None:  # noqa: F811
    client = signed_in("tess")
    key = set_up(client)
    stored = {one.type: one for one in Authenticator.objects.filter(user=lead)}
    assert stored.keys() == {"totp", "recovery_codes"}
    seed = get_adapter().decrypt(stored["recovery_codes"].data["seed"])
    told = json.dumps([one.data for one in stored.values()])
    assert key not in told
    assert seed not in told
    settings.SECRET_KEY, real = "another-" * 5, settings.SECRET_KEY
    with pytest.raises(ValidationError):
        get_adapter().decrypt(stored["totp"].data["secret"])
    settings.SECRET_KEY = real
    again = Client()
    sign_in(again, "tess", PASSWORD)
    again.post("/account/two-factor/sign-in/", {"code": fresh_code(key)})
    assert again.get("/admin/").status_code == 200


@pytest.mark.proves("TWO-FACTOR-KEY")
def test_who_signs_in_after_the_secret_key_changed_is_told_what_to_do(
    lead: User,  # noqa: F811
    settings: Any,
) -> None:
    key = set_up(signed_in("tess"))
    settings.SECRET_KEY = "another-" * 5
    client = Client()
    sign_in(client, "tess", PASSWORD)
    reply = client.post("/account/two-factor/sign-in/", {"code": fresh_code(key)})
    assert reply.status_code == 200
    assert "SECRET_KEY was changed" in unescape(reply.text)
    call_command("reset_two_factor", "tess", stdout=StringIO())
    assert sign_in(Client(), "tess", PASSWORD) == "/admin/"


@pytest.mark.proves("TWO-FACTOR-REQUIRED")
def test_staff_without_it_reach_no_admin_page(lead: User, settings: Any) -> None:  # noqa: F811
    settings.REQUIRE_TWO_FACTOR = "staff"
    client = signed_in("tess")
    for path in ("/admin/", "/admin/accounts/analysttoken/add/", "/", "/account/password/"):
        assert client.get(path).headers["Location"] == SET_UP
        assert client.post(path, {}).headers["Location"] == SET_UP
    set_up(client)
    assert client.get("/admin/").status_code == 200


@pytest.mark.proves("TWO-FACTOR-REQUIRED")
def test_staff_who_must_have_it_can_not_switch_it_off(lead: User, settings: Any) -> None:  # noqa: F811
    client = signed_in("tess")
    set_up(client)
    settings.REQUIRE_TWO_FACTOR = "staff"
    reply = client.post("/account/two-factor/remove/", {})
    assert "must keep a second factor" in reply.content.decode()
    assert Authenticator.objects.filter(user=lead, type="totp").exists()


@pytest.mark.proves("TWO-FACTOR-REQUIRED")
def test_analysts_need_none(alice: User, settings: Any) -> None:
    settings.REQUIRE_TWO_FACTOR = "staff"
    client = Client()
    client.force_login(alice)
    assert client.get("/").status_code == 200


@pytest.mark.proves("TWO-FACTOR-RESET")
def test_reset_lets_the_person_set_up_another(lead: User) -> None:  # noqa: F811
    set_up(signed_in("tess"))
    said = StringIO()
    call_command("reset_two_factor", "tess", stdout=said)
    assert "new second factor" in said.getvalue()
    assert not Authenticator.objects.filter(user=lead).exists()
    assert sign_in(Client(), "tess", PASSWORD) == "/admin/"


@pytest.mark.proves("TWO-FACTOR-RESET")
@pytest.mark.parametrize(("name", "said"), [("nobody", "no person"), ("tess", "no second factor")])
def test_reset_that_resets_nothing_says_so(lead: User, name: str, said: str) -> None:  # noqa: F811
    with pytest.raises(CommandError, match=said):
        call_command("reset_two_factor", name)


@pytest.mark.proves("TWO-FACTOR-RESET")
def test_keys_are_on_no_admin_page(sue: User) -> None:
    client = Client()
    client.force_login(sue)
    social = [f"socialaccount/social{word}" for word in ("account", "app", "token")]
    for path in ("mfa/authenticator", "account/emailaddress", *social):
        assert client.get(f"/admin/{path}/").status_code == 404
