"""Tess, the team lead, from the token's first day to its last."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, Error, Page

from tests.browser.browsing import Person
from tests.browser.conftest import Seat
from tests.live import Server, rpc

ISSUE = "/admin/accounts/analysttoken/add/"
TOKENS = "/admin/accounts/analysttoken/"


def opens(site: Server, secret: str) -> bool:
    """Say whether the token opens the door."""
    headers = site.headers() | {"Authorization": f"Bearer {secret}"}
    reply = httpx.post(f"{site.url}/mcp", content=rpc("tools/list"), headers=headers, timeout=30)
    return reply.status_code == httpx.codes.OK


def shown_secret(page: Page) -> str:
    """Return the token that the page shows."""
    return page.locator("#the-token").inner_text().strip()


def issue(tess: Person, label: str) -> str:
    """Issue a token to Alice in two clicks and return it."""
    tess.visit("/admin/", closely=False)
    tess.go(tess.page.get_by_role("link", name="Issue a token"), closely=False)
    tess.page.get_by_label("Owner").select_option(label="alice")
    tess.page.get_by_label("Label").fill(label)
    tess.go(tess.page.get_by_role("button", name="Issue"), closely=False)
    return shown_secret(tess.page)


@pytest.mark.proves("STORY-LEAD")
def test_lead_issues_a_token_that_is_shown_once_and_works(seat: Seat, site: Server) -> None:
    tess = seat("tess")
    secret = issue(tess, "for the story")
    tess.inspect()
    assert opens(site, secret)
    tess.page.get_by_role("button", name="Copy the token").click()
    tess.page.get_by_role("button", name="Copied").wait_for()
    assert tess.page.evaluate("navigator.clipboard.readText()") == secret
    tess.page.reload()
    tess.errors.clear()  # the browser reports the refusal to issue another
    assert secret not in tess.page.content()
    tess.visit(TOKENS)
    rows = tess.page.locator("#result_list tbody tr")
    assert rows.filter(has_text="for the story").count() == 1
    assert secret not in tess.page.content()


@pytest.mark.proves("STORY-LEAD")
def test_page_of_a_new_token_lets_the_lead_sign_out_and_keeps_nothing_behind_the_back_button(
    seat: Seat,
) -> None:
    tess = seat("")
    tess.sign_in("tess")
    issue(tess, "for leaving")
    tess.go(tess.page.get_by_role("button", name="Log out"), closely=False)
    assert tess.page.get_by_role("link", name="Sign in").first.is_visible()
    tess.sign_in("tess")
    secret = issue(tess, "for going back")
    tess.go(tess.page.get_by_role("link", name="The record of this token"), closely=False)
    assert secret not in shown_behind(tess.page)


def shown_behind(page: Page) -> str:
    """Go back and return what the browser shows: nothing where it would have to send the form."""
    try:
        page.go_back()
        return page.content()
    except Error:
        return ""


@pytest.mark.proves("STORY-PHONE")
@pytest.mark.parametrize("path", [TOKENS, "/admin/accounts/user/"])
def test_every_column_is_in_sight_on_a_phone(seat: Seat, path: str) -> None:
    tess = seat("tess")
    tess.visit(path, closely=False)
    tess.page.set_viewport_size({"width": 360, "height": 740})
    row = tess.page.locator("#result_list tbody tr").first
    cells = row.locator("td, th").all()
    assert len(cells) > 7
    for cell in cells:
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360
    named = "(e) => getComputedStyle(e, '::before').content"
    assert all(cell.evaluate(named) not in ("none", '""') for cell in cells[1:])


@pytest.mark.proves("STORY-LEAD")
def test_desktop_shows_the_decisions_of_a_review_without_scrolling(seat: Seat) -> None:
    tess = seat("tess")
    tess.visit("/admin/audit/querylog/review/", closely=False)
    box = tess.page.get_by_label("Revoke").first.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 1280


@pytest.mark.proves("STORY-NO-SCRIPT")
def test_lead_issues_and_revokes_without_any_script(chrome: Browser, site: Server) -> None:
    context = chrome.new_context(java_script_enabled=False)
    tess = Person(context.new_page(), site.url)
    tess.sign_in("tess")
    tess.page.goto(f"{site.url}/admin/")
    tess.page.get_by_role("link", name="Issue a token").click()
    tess.page.get_by_label("Owner").select_option(label="alice")
    tess.page.get_by_role("button", name="Issue").click()
    secret = shown_secret(tess.page)
    assert opens(site, secret)
    assert not tess.page.get_by_role("button", name="Copy the token").is_visible()
    tess.page.get_by_role("link", name="The record of this token").click()
    assert "UTC" in tess.page.locator("time").first.inner_text()
    tess.page.get_by_role("link", name="Revoke", exact=True).click()
    tess.page.get_by_label("Reason").fill("Only a trial")
    tess.page.get_by_role("button", name="Revoke").click()
    assert not opens(site, secret)
    context.close()


@pytest.mark.proves("STORY-LEAD")
def test_lead_revokes_it_with_a_reason_and_it_is_refused_at_once(seat: Seat, site: Server) -> None:
    tess = seat("tess")
    secret = issue(tess, "for revoking")
    tess.visit(f"{TOKENS}?q=revoking", closely=False)
    tess.page.locator("input.action-select").first.check()
    tess.page.locator("select[name=action]").select_option(label="Revoke selected tokens")
    tess.go(tess.page.get_by_role("button", name="Go"))
    assert opens(site, secret)
    tess.page.get_by_label("Reason").fill("The laptop was lost")
    tess.go(tess.page.get_by_role("button", name="Revoke"))
    assert not opens(site, secret)


@pytest.mark.proves("STORY-KEYBOARD")
def test_token_is_issued_with_the_keyboard_alone(seat: Seat, site: Server) -> None:
    tess = seat("tess")
    tess.visit("/admin/", closely=False)
    press_until(tess.page, "Issue a token")
    tess.page.keyboard.press("Enter")
    tess.page.wait_for_url(f"**{ISSUE}")
    press_until(tess.page, "id_user")
    tess.page.keyboard.type("alice")
    press_until(tess.page, "id_label")
    tess.page.keyboard.press("Control+A")
    tess.page.keyboard.type("by keyboard")
    tess.page.keyboard.press("Enter")
    tess.page.locator("#the-token").wait_for()
    assert opens(site, shown_secret(tess.page))


def press_until(page: Page, wanted: str) -> None:
    """Press Tab until what has the focus is named, or called, that; its focus must be visible."""
    focus = "[document.activeElement.id, document.activeElement.textContent.trim()]"
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted in page.evaluate(focus):
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none"
            return
    raise AssertionError(f"Tab never reaches {wanted}")
