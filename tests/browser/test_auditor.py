"""Otto, the auditor, who looks for one question and takes the evidence with him."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Dialog, expect

from tests.browser.browsing import Person
from tests.browser.conftest import Seat
from tests.live import Server

HISTORY = "/admin/audit/querylog/"


@pytest.mark.proves("STORY-AUDITOR")
def test_auditor_finds_a_query_and_who_else_read_the_table(seat: Seat) -> None:
    otto = seat("otto")
    otto.visit(f"{HISTORY}?q=position_history")
    otto.go(otto.page.locator("#result_list tbody a").first)
    assert "date_trunc" in otto.text()
    table = "tracksolid.position_history"
    otto.go(otto.page.get_by_role("main").get_by_role("link", name=table, exact=True).first)
    assert f"object={table}" in otto.page.url
    assert "alice" in otto.text()


@pytest.mark.proves("STORY-AUDITOR")
def test_auditor_exports_what_was_found(seat: Seat) -> None:
    otto = seat("otto")
    otto.visit(f"{HISTORY}?outcome=refused", closely=False)
    otto.go(otto.page.get_by_role("main").get_by_role("link", name=re.compile("[Ee]xport")).first)
    with otto.page.expect_download() as download:
        otto.page.get_by_role("button", name="Download").click()
    text = download.value.path().read_text()
    assert "DELETE FROM tracksolid.devices" in text
    otto.visit("/admin/audit/event/", closely=False)
    assert "xport" in otto.text()


@pytest.mark.proves("STORY-AUDITOR")
def test_hostile_sql_is_only_text(seat: Seat) -> None:
    otto = seat("otto")
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    otto.page.on("dialog", hear)
    otto.visit(f"{HISTORY}?q=onerror")
    otto.go(otto.page.locator("#result_list tbody a").first)
    expect(otto.page.get_by_role("main")).to_contain_text("<script>alert(1)</script>")
    assert said == []


@pytest.mark.proves("STORY-USAGE")
def test_hour_of_the_week_leads_to_its_queries_by_mouse_and_by_keyboard(seat: Seat) -> None:
    otto = seat("otto")
    otto.visit(f"{HISTORY}usage/?days=7", closely=False)
    cell = otto.page.locator("svg a[href*='hours=']").first
    number = int((cell.get_attribute("aria-label") or "").rpartition(" ")[2])
    otto.go(cell, closely=False)
    assert otto.page.locator("#result_list tbody tr").count() == number > 0
    otto.visit(f"{HISTORY}usage/?days=7", closely=False)
    otto.page.locator("summary").nth(1).focus()
    for key in ("Enter", "Tab", "Tab"):
        otto.page.keyboard.press(key)
    with otto.page.expect_navigation():
        otto.page.keyboard.press("Enter")
    assert "hours=" in otto.page.url
    assert otto.page.locator("#result_list tbody tr").count() == number


@pytest.mark.proves("STORY-EXPORT")
def test_events_are_exported_from_their_list(seat: Seat) -> None:
    otto = seat("otto")
    otto.visit("/admin/audit/event/?kind=token_issued", closely=False)
    otto.follow("Export these", closely=False)
    with otto.page.expect_download() as download:
        otto.page.get_by_role("button", name="Download").click()
    lines = download.value.path().read_text().splitlines()
    assert all("token_issued" in line for line in lines[1:-1])
    assert len(lines) > 3


@pytest.mark.proves("STORY-AUDITOR")
def test_auditor_finds_reads_and_exports_without_any_script(chrome: Browser, site: Server) -> None:
    context = chrome.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        Person(page, site.url).sign_in("otto")
        page.goto(f"{site.url}{HISTORY}")
        page.get_by_label("Outcome").select_option("refused")
        page.get_by_role("button", name="Filter", exact=True).click()
        page.locator("#result_list tbody a").first.click()
        assert "Refused" in page.get_by_role("main").inner_text()
        page.go_back()
        page.get_by_role("link", name="Export these").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        text = download.value.path().read_text()
        assert "DELETE FROM tracksolid.devices" in text
        assert "# complete: " in text
    finally:
        context.close()
