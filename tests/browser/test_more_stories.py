"""What leads and auditors do less often: pause, review, rotate, deactivate, stop, count, export."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.browser.browsing import Person
from tests.browser.conftest import Seat
from tests.browser.test_lead import TOKENS, opens, shown_secret
from tests.live import ROOT, Server

ADMIN = "/admin/"
PAUSE = "/admin/accounts/pause/switch/"
PEOPLE = "/admin/accounts/user/"
HISTORY = "/admin/audit/querylog/"
MESSAGE = "Maintenance until 14:00 UTC"
SLOW = "SELECT reporting.test_sleep(25) /* stopped in a browser */"
COLUMN = "tracksolid.devices.imei"

# Analysts of Tess's team, each with tokens that a story uses up.
HIRE = """
from accounts.models import Team, User
from accounts.people import add_analyst
from accounts.services import issue_token
team = Team.objects.get(name="Dispatch")
for name, labels in {labels!r}.items():
    person = add_analyst(user=User(username=name), team=team)
    for label in labels:
        print(label, issue_token(user=person, label=label).secret)
"""
STATE = "from accounts.pausing import current_pause; print('paused' if current_pause() else '')"
LABELS = {"rita": ["desk", "lost-laptop"], "rob": ["old"], "dan": ["only"]}


@pytest.fixture(scope="module")
def secrets(site: Server) -> dict[str, str]:
    """Hire people and return label -> token."""
    printed = site.manage("shell", "-v0", "-c", HIRE.format(labels=LABELS))
    return dict(line.split() for line in printed.splitlines())


@pytest.fixture
def analysts(site: Server) -> Iterator[ThreadPoolExecutor]:
    """Analysts ask in a thread of their own: this one's event loop is the browser's."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.mark.proves("STORY-PAUSE", "PAGES-ALL")
def test_paused_server_says_why_until_it_is_resumed(
    seat: Seat, site: Server, analysts: ThreadPoolExecutor
) -> None:
    tess = seat("tess")
    tess.visit(PAUSE)
    tess.page.get_by_label("Message").fill(MESSAGE)
    tess.page.get_by_label("Yes, stop all questions").check()
    try:
        tess.press("Pause the server")
        assert "The server is paused" in tess.text()
        refused = analysts.submit(site.error, "query", sql="SELECT 1").result()
        assert refused == f"[paused] {MESSAGE}"
        tess.press(re.compile("^Resume"))
    finally:
        if "paused" in site.manage("shell", "-v0", "-c", STATE):
            site.manage("resume_server")
    assert "The server answers questions" in tess.text()
    assert analysts.submit(site.data, "query", sql="SELECT 1").result()["rows"] == [[1]]


@pytest.mark.proves("STORY-PAUSE")
def test_pausing_by_mistake_takes_more_than_one_click(seat: Seat) -> None:
    tess = seat("tess")
    tess.visit(PAUSE, closely=False)
    tess.page.get_by_label("Message").fill(MESSAGE)
    tess.page.get_by_role("button", name="Pause the server").click()
    assert tess.page.evaluate("document.activeElement.name") == "sure"
    tess.visit(PAUSE, closely=False)
    assert "The server answers questions" in tess.text()


@pytest.mark.proves("STORY-REVIEW", "PAGES-ALL")
def test_review_keeps_one_token_and_revokes_another(
    seat: Seat, site: Server, secrets: dict[str, str]
) -> None:
    tess = seat("tess")
    tess.visit("/admin/audit/querylog/review/")
    row = tess.page.get_by_role("row").filter(has_text="lost-laptop")
    row.get_by_label("Revoke").check()
    tess.press("Continue")
    assert "Give a reason for what you revoke" in tess.text()
    tess.page.get_by_label("Reason").fill("The laptop was lost")
    tess.press("Continue")
    assert opens(site, secrets["lost-laptop"])
    tess.press("Confirm the review")
    assert "The review is on record" in tess.page.content()
    assert not opens(site, secrets["lost-laptop"])
    assert opens(site, secrets["desk"])
    otto = seat("otto")
    otto.visit("/admin/audit/event/?kind=reviewed")
    assert re.search(r"tess reviewed access: \d+ kept, 1 revoked", otto.text())


@pytest.mark.proves("STORY-ROTATE", "PAGES-ALL")
def test_rotated_token_works_beside_its_successor(
    seat: Seat, site: Server, secrets: dict[str, str]
) -> None:
    tess = seat("tess")
    tess.visit(f"{TOKENS}?q=rob", closely=False)
    tess.go(tess.page.locator("#result_list tbody th a").first, closely=False)
    tess.follow("Rotate")
    tess.press("Rotate")
    secret = shown_secret(tess.page)
    assert secret != secrets["old"]
    assert opens(site, secret)
    assert opens(site, secrets["old"])
    tess.page.reload()
    tess.errors.clear()  # the browser reports the refusal to make another
    tess.inspect()
    assert secret not in tess.page.content()


@pytest.mark.proves("STORY-DEACTIVATE", "PAGES-ALL")
def test_deactivated_person_is_refused_at_once(
    seat: Seat, site: Server, secrets: dict[str, str]
) -> None:
    tess = seat("tess")
    tess.visit(f"{PEOPLE}?q=dan", closely=False)
    tess.follow("dan")
    tess.follow("Deactivate")
    assert opens(site, secrets["only"])
    tess.page.get_by_label("Reason").fill("Left the company")
    tess.press("Deactivate")
    assert not opens(site, secrets["only"])
    assert tess.page.get_by_role("link", name="Activate", exact=True).is_visible()


@pytest.mark.proves("STORY-CANCEL", "PAGES-ALL")
def test_running_query_is_stopped_by_a_button(
    seat: Seat, site: Server, analysts: ThreadPoolExecutor
) -> None:
    tess = seat("tess")
    asking = analysts.submit(site.error, "query", sql=SLOW)
    wait_for(tess, asking)
    tess.inspect()
    tess.press(re.compile(r"^Cancel query \d+ of alice"))
    assert "is being cancelled" in tess.page.content()
    assert "tess" in asking.result(timeout=15)
    row = site.rows("q.sql = ?", SLOW)[-1]
    assert (row["outcome"], row["cancel_requested_by"]) == ("cancelled", "tess")


def wait_for(tess: Person, asking: Future[str]) -> None:
    """Look again and again until the slow query is on the page."""
    tess.visit(f"{HISTORY}running/", closely=False)
    while "test_sleep" not in tess.text():
        assert not asking.done(), asking.result()
        tess.follow("Look again", closely=False)


@pytest.mark.proves("STORY-USAGE", "PAGES-ALL")
def test_figure_of_a_chosen_period_leads_to_its_rows(seat: Seat) -> None:
    otto = seat("otto")
    otto.visit(f"{HISTORY}usage/")
    otto.follow("7 days")
    assert otto.page.locator("[aria-current=true]").inner_text() == "7 days"
    row = otto.page.locator("#people tbody tr").filter(has_text="alice")
    refused = row.get_by_role("link").last
    number = int(refused.inner_text())
    assert number > 0
    otto.go(refused)
    rows = otto.page.locator("#result_list tbody tr")
    assert rows.count() == rows.filter(has_text="Refused").filter(has_text="alice").count()
    assert rows.count() == number


@pytest.mark.proves("STORY-EXPORT", "PAGES-ALL")
def test_auditor_takes_a_table_and_proof(seat: Seat, site: Server, tmp_path: Path) -> None:
    site.manage("seal_audit")
    otto = seat("otto")
    otto.visit(f"{HISTORY}export/")
    lines = taken(otto, "CSV", tmp_path / "queries.csv").read_text().splitlines()
    assert lines[0].startswith("id,")
    assert "v_daily_summary" in "".join(lines)
    file = taken(otto, "Evidence", tmp_path / "evidence.zip")
    script = str(ROOT / "scripts" / "verify_export")
    words = [sys.executable, "-I", "-S", script, str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Everything is right." in done.stdout
    assert re.search(r"as they were sealed: [1-9]", done.stdout)


def taken(otto: Person, kind: str, to: Path) -> Path:
    """Download that kind of file."""
    otto.page.get_by_label(kind).check()
    with otto.page.expect_download() as download:
        otto.page.get_by_role("button", name="Download").click()
    download.value.save_as(to)
    return to


@pytest.mark.proves("STORY-WHO-READ", "PAGES-ALL")
def test_who_read_a_column_is_one_click_away(seat: Seat) -> None:
    otto = seat("otto")
    otto.visit(ADMIN, closely=False)
    otto.follow("Catalog objects")
    otto.follow(f"Who read {COLUMN}")
    assert f"object={COLUMN}" in otto.page.url
    rows = otto.page.locator("#result_list tbody tr")
    assert rows.filter(has_text="SELECT * FROM tracksolid.devices").count() > 0
    assert rows.count() == rows.filter(has_text="alice").count()
