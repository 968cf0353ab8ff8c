"""The pages for everybody, in a real browser."""

from __future__ import annotations

import time

import pytest

from tests.authenticator import code_of
from tests.browser.browsing import PASSWORD
from tests.browser.conftest import Seat
from tests.live import Server


@pytest.mark.proves("PAGES-ALL")
@pytest.mark.parametrize("path", ["/", "/login/"])
def test_pages_for_strangers_keep_every_promise(seat: Seat, path: str) -> None:
    seat("").visit(path)


@pytest.mark.proves("PAGES-ERRORS")
def test_missing_page_is_explained(seat: Seat) -> None:
    nobody = seat("")
    nobody.visit("/nowhere/", status=404)
    assert "back to the start" in nobody.text()


@pytest.mark.proves("PAGES-ERRORS")
def test_forbidden_page_says_who_is_signed_in(seat: Seat) -> None:
    ivan = seat("ivan")
    ivan.visit("/admin/", status=403)
    assert "signed in as ivan" in ivan.text()


@pytest.mark.proves("PAGES-OWN")
def test_analyst_lands_on_own_tokens_limits_and_questions(seat: Seat) -> None:
    alice = seat("alice")
    alice.visit("/")
    text = alice.text()
    for shown in ("fmcp_", "active", "Rows today", "v_daily_summary", "Refused", "<script>"):
        assert shown in text, shown
    assert alice.page.get_by_role("link", name="Admin").count() == 0


@pytest.mark.proves("OWN-END")
def test_analyst_revokes_an_own_token_in_two_clicks(seat: Seat, site: Server) -> None:
    site.manage("issue_token", "alice", "--label=the lost laptop")
    alice = seat("alice")
    alice.visit("/")
    row = alice.page.get_by_role("row").filter(has_text="the lost laptop")
    row.get_by_text("Revoke the lost laptop").click()
    alice.inspect()
    alice.go(row.get_by_role("button", name="Yes, revoke it"))
    assert "The token the lost laptop is revoked." in alice.text()


@pytest.mark.proves("PAGES-COPY")
def test_copy_button_copies_the_line_and_says_so(seat: Seat) -> None:
    nobody = seat("")
    nobody.visit("/")
    nobody.page.get_by_role("button", name="Copy the line").click()
    nobody.page.get_by_role("button", name="Copied").wait_for()
    copied = nobody.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("claude mcp add --transport http")


@pytest.mark.proves("PAGES-TIMES")
def test_times_are_in_the_viewers_zone_with_utc_on_hover(seat: Seat) -> None:
    alice = seat("alice")
    alice.visit("/")
    shown = alice.page.locator("time").first
    assert shown.get_attribute("title", timeout=2000).endswith("UTC")  # type: ignore[union-attr]
    stamp = shown.get_attribute("datetime")
    local = alice.page.evaluate(
        "(s) => new Date(s).toLocaleString('sv-SE', {timeZone: 'Africa/Nairobi'}).slice(0, 16)",
        stamp,
    )
    assert shown.inner_text() == local


@pytest.mark.proves("PAGES-ALL")
@pytest.mark.parametrize("name", ["sue", "tess", "otto"])
def test_start_of_the_admin_keeps_every_promise(seat: Seat, name: str) -> None:
    seat(name).visit("/admin/")


@pytest.mark.proves("TWO-FACTOR-SET-UP", "TWO-FACTOR-CODES", "PAGES-ALL")
def test_second_factor_is_set_up_and_asked_for_in_a_browser(seat: Seat) -> None:
    pia = seat("")
    page = pia.page
    pia.sign_in("pia")
    pia.visit("/account/two-factor/set-up/")
    page.get_by_label("Password").fill(PASSWORD)
    pia.go(page.get_by_role("button", name="Confirm"))
    page.get_by_label("Authenticator code").fill(
        code_of(page.locator("#key").inner_text(), time.time())
    )
    pia.go(page.get_by_role("button", name="Switch it on"))
    recovery = page.locator("#codes").inner_text().split()[0]
    pia.visit("/account/two-factor/")
    pia.go(page.get_by_role("button", name="Sign out"), closely=False)
    pia.sign_in("pia")
    pia.inspect()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")


@pytest.mark.proves("LOGIN-SAME", "PAGES-ALL")
def test_wrong_password_is_told_next_to_the_form(seat: Seat) -> None:
    nobody = seat("")
    nobody.sign_in("tess", "not-the-password")
    nobody.inspect()
    assert "don't go together" in nobody.text()
