"""Ivan, the intruder, and colleagues who try more than they may."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.browser.browsing import PASSWORD
from tests.browser.conftest import Seat
from tests.live import Server

PAGES = [
    "/admin/",
    "/admin/accounts/user/",
    "/admin/accounts/analysttoken/add/",
    "/admin/audit/querylog/",
    "/admin/audit/querylog/usage/",
    "/admin/audit/querylog/running/",
    "/admin/accounts/pause/switch/",
]


@pytest.mark.proves("STORY-INTRUDER")
@pytest.mark.parametrize("path", PAGES)
def test_intruder_sees_no_page_of_the_admin(seat: Seat, path: str) -> None:
    nobody = seat("")
    nobody.page.goto(nobody.url + path)
    assert "/login/?next=" in nobody.page.url
    ivan = seat("ivan")
    response = ivan.page.goto(ivan.url + path)
    assert response is not None
    assert response.status == 403
    assert "alice" not in ivan.page.content()


@pytest.mark.proves("STORY-INTRUDER")
def test_auditor_may_look_and_not_touch(seat: Seat) -> None:
    otto = seat("otto")
    for path in ("/admin/accounts/analysttoken/add/", "/admin/accounts/user/add/"):
        otto.visit(path, status=403)


@pytest.mark.proves("STORY-INTRUDER")
def test_lead_reaches_nobody_of_another_team(seat: Seat, site: Server) -> None:
    code = "from accounts.models import User; print(User.objects.get(username='bob').pk)"
    bob = site.manage("shell", "-v0", "-c", code).strip()
    tess = seat("tess")
    response = tess.page.goto(f"{tess.url}/admin/accounts/user/{bob}/change/")
    assert response is not None
    assert response.status == 404
    tess.page.goto(f"{tess.url}/admin/accounts/analysttoken/add/")
    assert "bob" not in tess.page.get_by_label("Owner").inner_text()


@pytest.mark.proves("STORY-INTRUDER")
def test_stolen_cookie_is_worth_nothing_after_signing_out(site: Server) -> None:
    with httpx.Client(base_url=site.url, follow_redirects=True) as tess:
        token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', tess.get("/login/").text)[0]
        form = {"login": "tess", "password": PASSWORD, "csrfmiddlewaretoken": token}
        assert tess.post("/login/", data=form).url.path == "/admin/"
        stolen = dict(tess.cookies)
        tess.post("/logout/", data={"csrfmiddlewaretoken": tess.cookies["csrftoken"]})
    reply = httpx.get(f"{site.url}/admin/", cookies=stolen)
    assert "/login/" in reply.headers["Location"]


@pytest.mark.proves("STORY-INTRUDER")
def test_form_of_another_site_changes_nothing(seat: Seat) -> None:
    tess = seat("tess")
    for path in ("/admin/accounts/analysttoken/add/", "/admin/accounts/pause/switch/", "/logout/"):
        reply = tess.page.request.post(tess.url + path, headers={"Origin": "https://evil.example"})
        assert reply.status == 403
        assert "Nothing was changed" in reply.text()
    tess.visit("/admin/", closely=False)
