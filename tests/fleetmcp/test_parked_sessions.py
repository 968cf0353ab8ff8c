"""Sessions that somebody else parked: a second factor must be passed by each, and ends them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.two_factor import reset_two_factor
from tests.fleetmcp.test_login import (
    PASSWORD,
    _nothing_counted,  # noqa: F401  # fixture
    confirm,
    lead,  # noqa: F401  # fixture
    set_up,
    sign_in,
)
from tests.fleetmcp.test_two_factor import SET_UP, fresh_code, signed_in

PAGES = ("/admin/", "/admin/accounts/analysttoken/add/", "/account/two-factor/codes/")


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    settings.REQUIRE_TWO_FACTOR = "staff"


def is_out(client: Client) -> bool:
    """Say whether every page leads this browser to signing in."""
    replies = [client.get(path) for path in PAGES]
    return all("/login/?next=" in r.headers.get("Location", "") for r in replies)


@pytest.mark.proves("TWO-FACTOR-SESSION")
def test_parked_session_is_out_once_the_person_sets_up_a_second_factor(lead: User) -> None:  # noqa: F811
    ivan, tess = signed_in("tess"), signed_in("tess")
    assert ivan.get("/admin/").headers["Location"] == SET_UP
    set_up(tess)
    assert is_out(ivan)
    assert tess.get("/admin/").status_code == 200


@pytest.mark.proves("TWO-FACTOR-SESSION")
def test_session_that_outlived_it_all_is_out_without_its_own_second_factor(
    lead: User,  # noqa: F811
    settings: Any,
) -> None:
    key = set_up(signed_in("tess"))
    parked = Client()
    parked.force_login(lead)
    for path in PAGES[:2]:
        assert parked.post(path, {}).headers["Location"].startswith("/login/")
        parked.force_login(lead)
    assert is_out(parked)
    passed = signed_in("tess")
    passed.post("/account/two-factor/sign-in/", {"code": fresh_code(key)})
    assert passed.get("/admin/").status_code == 200


@pytest.mark.proves("TWO-FACTOR-SESSION")
def test_reset_ends_every_session_and_the_next_set_up_opens_none(lead: User) -> None:  # noqa: F811
    stolen = signed_in("tess")
    set_up(stolen)
    kept = dict(stolen.session.items())
    cache.clear()
    assert reset_two_factor(user=lead)
    assert is_out(stolen)
    tess = signed_in("tess")
    set_up(tess)
    assert is_out(stolen)
    # What the old session held proves nothing about the new second factor.
    revived = Client()
    revived.force_login(lead)
    session = revived.session
    session.update({k: v for k, v in kept.items() if not k.startswith("_auth")})
    session.save()
    assert is_out(revived)
    assert tess.get("/admin/").status_code == 200


@pytest.mark.proves("TWO-FACTOR-SESSION")
def test_recovery_code_is_a_second_factor_of_the_session_too(lead: User) -> None:  # noqa: F811
    client = signed_in("tess")
    set_up(client)
    page = client.get("/account/two-factor/codes/").content.decode()
    code = page.split('Recovery codes">')[1].split()[0][:8]
    again = Client()
    sign_in(again, "tess", PASSWORD)
    again.post("/account/two-factor/sign-in/", {"code": code})
    assert again.get("/admin/").status_code == 200
    confirm(again)
    again.post("/account/two-factor/codes/new/", {})
    assert again.get("/admin/").status_code == 200
