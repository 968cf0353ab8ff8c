"""Otto, the auditor, who looks for one question and takes the evidence with him."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Seat

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
