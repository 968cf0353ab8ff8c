"""The usage page: what it shows to whom, where it leads, and that nothing in it runs."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.groups import ANALYSTS
from accounts.models import User
from audit.charts import Column, bar, heat_map, nice_ceiling, stacked_columns
from audit.models import CatalogObject, Outcome
from audit.reports import links
from audit.reports.days import count_closed_days
from audit.reports.periods import last_days
from audit.touched import Touch
from tests.audit.history import ask, days_ago
from tests.audit.pages import listed, signed_in

PAGE = "admin:audit_usage"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}</svg>"


def page(client: Client, **words: str) -> str:
    """Return the page, which must be there, with every closed day counted."""
    list(count_closed_days(timezone.now()))
    answer = client.get(reverse(PAGE), words)
    assert answer.status_code == 200
    return answer.content.decode()


def analyst(username: str) -> User:
    """Return a new analyst, whatever the name."""
    person = User.objects.create_user(username)
    person.groups.set([Group.objects.get(name=ANALYSTS)])
    return person


def led_to(html: str) -> list[str]:
    """Return the addresses in the query history that the page links to."""
    found = re.findall(r'href="(/admin/audit/querylog/[^"]+)"', html.split('class="usage"')[1])
    return sorted(set(map(unescape, found)))


@pytest.mark.proves("REPORT-RIGHTS")
def test_page_is_for_those_who_may_see_the_history(
    alice: User, tess: User, otto: User, sue: User, ivan: User
) -> None:
    people = (alice, tess, otto, sue, ivan)
    codes = [signed_in(person).get(reverse(PAGE)).status_code for person in people]
    assert codes == [302, 200, 200, 200, 302]
    bare = User.objects.create_user("bare", is_staff=True)
    assert signed_in(bare).get(reverse(PAGE)).status_code == 403


@pytest.mark.proves("REPORT-RIGHTS")
def test_lead_sees_their_team_and_auditor_everyone(
    alice: User, bob: User, tess: User, otto: User
) -> None:
    for days in (3, 0):
        ask(alice, days_ago(days, 0), sql="SELECT 'hers'", fingerprint="aaaa")
        ask(
            bob,
            days_ago(days, 0),
            sql="SELECT 'his'",
            fingerprint="bbbb",
            outcome=Outcome.REFUSED,
            reason="not_select",
            touched=(Touch("table", "secret", "plans"),),
        )
    hers, all_of_it = page(signed_in(tess), days="7"), page(signed_in(otto), days="7")
    assert "hers" in hers
    for word in ("bob", "&#x27;his&#x27;", "secret.plans", "not_select"):
        assert word not in hers
        assert word in all_of_it
    assert "<strong>2</strong> <span>Queries" in hers
    assert "<strong>4</strong> <span>Queries" in all_of_it


@pytest.mark.proves("REPORT-LINKS")
def test_each_link_is_answered_and_narrows_the_history(alice: User, bob: User, otto: User) -> None:
    ask(bob, days_ago(50))
    for person in (alice, bob):
        ask(person, days_ago(4), fingerprint="beef", touched=(Touch("table", "s", "t"),))
        ask(person, days_ago(3), outcome=Outcome.REFUSED, reason="not_select")
        ask(person, days_ago(2, 22), rows=20_000)
    client = signed_in(otto)
    addresses = led_to(page(client, days="7"))
    assert len(addresses) > 15
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert f"/{'change' if 'change' in address else 'querylog'}/" in address


@pytest.mark.proves("REPORT-LINKS")
def test_each_word_of_a_link_is_a_filter_of_the_history(alice: User, bob: User, otto: User) -> None:
    ask(bob, days_ago(50))
    touched = (Touch("table", "s", "t"),)
    first = ask(alice, days_ago(4), fingerprint="beef", touched=touched)
    refused = ask(bob, days_ago(3), outcome=Outcome.REFUSED, reason="not_select")
    week, client = last_days(7, timezone.now().date()), signed_in(otto)

    def rows(link: str) -> list[int]:
        words = dict(pair.split("=") for pair in link.partition("?")[2].split("&"))
        return listed(client, **words)

    assert rows(links.history(week)) == [refused, first]
    assert rows(links.history(week, person=alice.pk)) == [first]
    assert rows(links.history(week, outcome="refused")) == [refused]
    assert rows(links.history(week, reason="not_select")) == [refused]
    assert rows(links.history(week, fingerprint="beef")) == [first]
    assert rows(links.history(week, thing=CatalogObject.objects.get())) == [first]
    assert client.get(links.query(first)).status_code == 200


@pytest.mark.proves("REPORT-ESCAPED")
def test_hostile_names_and_sql_arrive_escaped(otto: User) -> None:
    mallory = analyst(HOSTILE)
    touched = (Touch("table", "s", HOSTILE[:60]),)
    for days in (2, 0):
        ask(
            mallory,
            days_ago(days, 0),
            sql=HOSTILE,
            reason=HOSTILE[:40],
            outcome=Outcome.FAILED,
            fingerprint="beef",
            touched=touched,
            rows=50_000,
        )
    shown = page(signed_in(otto), days="7")
    assert "<script>alert" not in shown
    assert shown.count("&lt;script&gt;alert(1)") >= 5
    assert "{{7*7}}" in shown


@pytest.mark.proves("REPORT-ESCAPED")
def test_characters_that_turn_text_around_are_shown_as_codes(otto: User) -> None:
    turned = "SELECT 1 --\u202e gnihtyreve\u200b"
    for days in (2, 0):
        ask(
            analyst("mal\u202elory"),
            days_ago(days, 0),
            sql=turned,
            fingerprint="beef",
            touched=(Touch("table", "s", "t\u202e"),),
            rows=50_000,
        )
        User.objects.filter(username="mal\u202elory").update(username=f"mal{days}\u202elory")
    shown = page(signed_in(otto), days="7")
    for character in "\u202e\u200b":
        assert character not in shown
    assert shown.count("U+202E") > 8


@pytest.mark.proves("REPORT-ESCAPED")
def test_page_has_no_inline_style_or_script_and_its_drawings_are_whole(
    alice: User, otto: User
) -> None:
    ask(alice, days_ago(2))
    shown = page(signed_in(otto), days="7")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", shown)
    drawings = re.findall(r"<svg class=\"chart.*?</svg>", shown, re.DOTALL)
    assert len(drawings) == 2
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).find("title") is not None


@pytest.mark.proves("REPORT-ESCAPED")
def test_chart_escapes_whatever_it_is_given() -> None:
    column = Column(HOSTILE, [("o-ok", 3)], f"/?{HOSTILE}", HOSTILE)
    for drawing in (
        stacked_columns("a", HOSTILE, HOSTILE, [column]),
        heat_map("b", HOSTILE, HOSTILE, [HOSTILE], {(0, 3): (5, HOSTILE)}),
    ):
        assert "<script" not in drawing
        assert any(HOSTILE in "".join(one.itertext()) for one in ElementTree.fromstring(drawing))


@pytest.mark.proves("REPORT-CHARTS")
@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (3, 5), (10, 10), (11, 20), (999, 1000)]
)
def test_scale_ends_at_a_round_number(value: int, top: int) -> None:
    assert nice_ceiling(value) == top


@pytest.mark.proves("REPORT-CHARTS")
def test_chart_of_nothing_is_drawn_too() -> None:
    for drawing in (
        stacked_columns("a", "t", "d", []),
        heat_map("b", "t", "d", ["Mon"], {}),
    ):
        assert ElementTree.fromstring(drawing).tag == "svg"
    assert 'width="0"' in bar(0, 0)


@pytest.mark.proves("REPORT-CHARTS")
def test_drawings_have_names_and_the_same_numbers_as_tables(alice: User, otto: User) -> None:
    ask(alice, days_ago(2))
    shown = page(signed_in(otto), days="7")
    assert 'role="group" aria-labelledby="heat-t heat-d"' in shown
    assert 'role="group" aria-labelledby="days-t days-d"' in shown
    assert shown.count("<details>") == 2
    assert f"{days_ago(2).date()}: queries 1, refused 0" in shown


@pytest.mark.proves("REPORT-PERIOD")
def test_period_is_chosen_on_the_page_and_a_wrong_one_is_explained(otto: User) -> None:
    client = signed_in(otto)
    day = days_ago(3).date()
    assert f"{day}. Days and hours" in page(client, **{"from": str(day), "to": str(day)})
    assert re.search(r'\?days=90"\s+aria-current', page(client, days="90"))
    for words in ({"from": "soon"}, {"days": HOSTILE}):
        answer = client.get(reverse(PAGE), words)
        assert answer.status_code == 400
        assert b'class="errornote"' in answer.content
        assert b"<script>alert" not in answer.content


@pytest.mark.proves("REPORT-COST")
def test_page_costs_no_more_queries_for_many_people_and_days(otto: User) -> None:
    client, costs = signed_in(otto), []
    for more in (1, 6):
        for number in range(more):
            person = analyst(f"analyst{more}x{number}")
            for days in (9, 5, 0):
                touched = (Touch("table", "s", f"t{number}"),)
                ask(person, days_ago(days, 0), fingerprint="beef", touched=touched)
        list(count_closed_days(timezone.now()))
        with CaptureQueriesContext(connection) as captured:
            page(client, days="30")
        costs.append(len(captured))
    assert costs[0] == costs[1]
    assert costs[0] < 40
