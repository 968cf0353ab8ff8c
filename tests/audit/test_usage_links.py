"""Each figure of the usage page leads to its rows: as many on the list as the figure says."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import Outcome
from audit.touched import Touch
from tests.audit.history import ask, days_ago
from tests.audit.pages import ids_in, signed_in
from tests.audit.test_usage_page import page

TRIPS, PHONE = Touch("table", "reporting", "v_trips"), Touch("column", "tracksolid", "drivers", "p")
LIST = r'href="(/admin/audit/querylog/\?[^"]+)"'
# A number that is a link, a part of a drawing with what it says, and a figure at the top.
FIGURES = (
    rf"<a {LIST}>([\d,]+)</a>",
    rf'<a {LIST}[^>]* aria-label="[^"]*: (?:queries )?([\d,]+)[",]',
    rf"<a {LIST}><strong>([\d,]+)</strong> <span>Queries</span>",
)


@pytest.fixture
def history(alice: User, bob: User) -> None:
    """Days and nights of two people, on closed days and today, of every outcome."""
    for days in (40, 12, 9, 5, 4):
        ask(alice, days_ago(days, 10), fingerprint="beef", touched=(TRIPS, PHONE), rows=10)
        ask(bob, days_ago(days, 15), outcome=Outcome.REFUSED, reason="not_select", rows=None)
    for hour in (3, 5, 6, 12, 19, 20, 23):
        ask(alice, days_ago(2, hour), fingerprint="cafe", touched=(TRIPS,), rows=3_000)
    ask(bob, days_ago(3, 9), outcome=Outcome.FAILED, reason="database_error", touched=(PHONE,))
    ask(bob, days_ago(2, 9), outcome=Outcome.TIMED_OUT, reason="timed_out")
    ask(bob, days_ago(0, 0), outcome=Outcome.CANCELLED, reason="client", fingerprint="beef")


def figures(html: str) -> list[tuple[int, str]]:
    """Return each number on the page that is a link, with the address."""
    found = [pair for pattern in FIGURES for pair in re.findall(pattern, html)]
    return [(int(number.replace(",", "")), unescape(address)) for address, number in found]


def number_of_rows(client: Client, address: str) -> int:
    """Return how many rows the list shows."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return len(ids_in(answer.content.decode()))


@pytest.mark.proves("REPORT-LINKS")
@pytest.mark.parametrize("days", ["1", "7", "30", "90"])
def test_list_behind_each_figure_has_as_many_rows_as_the_figure_says(
    history: None, otto: User, days: str
) -> None:
    client = signed_in(otto)
    shown = figures(page(client, days=days))
    assert len(shown) > 5
    wrong = [(n, address) for n, address in shown if number_of_rows(client, address) != n]
    assert wrong == []


@pytest.mark.proves("REPORT-LINKS")
def test_each_number_of_queries_on_the_page_is_a_link(history: None, otto: User) -> None:
    shown = page(signed_in(otto), days="30").split('class="usage"')[1]
    tables = re.findall(r"<table>.*?</table>", shown, re.DOTALL)
    bare = re.findall(r"<td>([1-9][\d,]*)</td>", "".join(tables))
    # Rows read are no queries: the person's or the day's name beside them leads to those.
    assert sorted(set(bare)) == ["10", "21,000", "21,040", "3"]
    drawn = re.findall(r'<rect class="heat heat-[1-8]"', shown)
    assert len(drawn) == len(re.findall(r'tabindex="-1" aria-label', shown)) > 5


@pytest.mark.proves("REPORT-LINKS")
def test_hours_and_days_of_the_week_are_filters_of_the_history(history: None, otto: User) -> None:
    client, day = signed_in(otto), days_ago(2)
    only = {"from": f"{day:%Y-%m-%d}", "to": f"{day:%Y-%m-%d}"}

    def number(**words: str) -> int:
        return number_of_rows(
            client, "/admin/audit/querylog/?" + "&".join(f"{k}={v}" for k, v in words.items())
        )

    assert number(**only) == 8
    assert number(**only, hours="off") == 4
    assert number(**only, hours="6") == 1
    assert number(**only, hours="9", weekday=str(day.weekday())) == 1
    assert number(**only, weekday=str((day.weekday() + 1) % 7)) == 0
    assert number(hours="25") == number(weekday="7") == number(hours="'") == 0


@pytest.mark.proves("REPORT-LINKS")
def test_hours_and_days_are_filters_on_a_server_for_development_too(
    history: None, otto: User, settings: Settings
) -> None:
    """With DEBUG Django formats each statement once more, to remember it."""
    settings.DEBUG = True
    assert number_of_rows(signed_in(otto), "/admin/audit/querylog/?hours=off&weekday=0") >= 0
