"""Running now: what is running, and the button that stops it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import issue_token
from audit.models import Event, QueryLog
from audit.services import Answered, Asked, close_query, open_query
from audit.triggers import drop_triggers
from audit.usage import abandoned_after
from tests.audit.pages import ids_in, signed_in
from tests.live import Server

Ask = Callable[..., Asked]
SLOW = "SELECT reporting.test_sleep(25) /* running page */"


def page(person: User) -> str:
    """Return the page as that person sees it."""
    answer = signed_in(person).get(reverse("admin:audit_running"))
    assert answer.status_code == 200
    return answer.content.decode()


def cancel(person: User, query: object) -> tuple[int, str]:
    """Press the button; return the status and the page that follows."""
    answer = signed_in(person).post(reverse("admin:audit_running"), {"query": query}, follow=True)
    return answer.status_code, answer.content.decode()


@pytest.mark.proves("AUDIT-RUNNING-PAGE")
def test_page_shows_what_runs_now_of_people_whom_one_may_see(
    asked: Ask, tess: User, otto: User, bob: User
) -> None:
    theirs = {"user_id": bob.pk, "token_id": issue_token(user=bob, label="desk").token.pk}
    done, hers, his, left = (open_query(asked(**who)) for who in ({}, {}, theirs, {}))
    close_query(done, asked(), Answered())
    drop_triggers(using="default")
    long_ago = timezone.now() - abandoned_after() - timedelta(seconds=1)
    QueryLog.objects.filter(pk=left).update(started_at=long_ago)
    assert ids_in(page(tess)) == [hers]
    assert ids_in(page(otto)) == [hers, his]
    assert "claude-code/2.1" in page(tess)


@pytest.mark.proves("AUDIT-RUNNING-PAGE")
def test_lead_cancels_her_teams_query_and_the_page_says_so(asked: Ask, tess: User) -> None:
    query_id = open_query(asked())
    status, text = cancel(tess, query_id)
    assert status == 200
    assert f"Query {query_id} of alice is being cancelled" in text
    assert "Being cancelled by tess" in text
    assert QueryLog.objects.get().cancel_requested_by == "tess"
    assert Event.objects.get(kind="query_cancelled").actor == tess


@pytest.mark.proves("AUDIT-RUNNING-PAGE")
def test_query_that_ended_meanwhile_is_left_alone(asked: Ask, tess: User) -> None:
    query_id = open_query(asked())
    close_query(query_id, asked(), Answered())
    assert "had ended already" in cancel(tess, query_id)[1]
    assert QueryLog.objects.get().cancel_requested_by == ""


@pytest.mark.proves("AUDIT-RUNNING-PAGE")
def test_nobody_cancels_what_they_may_not(asked: Ask, tess: User, otto: User, bob: User) -> None:
    theirs = {"user_id": bob.pk, "token_id": issue_token(user=bob, label="desk").token.pk}
    his = open_query(asked(**theirs))
    for number in (his, 4711, "x", "", "9" * 30):
        assert "There is no such query" in cancel(tess, number)[1]
    assert cancel(otto, his)[0] == 403
    assert "Cancel query" not in page(otto)
    assert QueryLog.objects.get().cancel_requested_by == ""


@pytest.mark.proves("AUDIT-RUNNING-PAGE")
def test_form_without_its_token_is_refused(asked: Ask, tess: User) -> None:
    from django.test import Client

    query_id = open_query(asked())
    client = Client(enforce_csrf_checks=True)
    client.force_login(tess)
    answer = client.post(reverse("admin:audit_running"), {"query": query_id})
    assert answer.status_code == 403
    assert QueryLog.objects.get().cancel_requested_by == ""


SESSION = """
from django.test import Client
from accounts.models import User
client = Client()
client.force_login(User.objects.get_or_create(
    username="sue", defaults={"is_staff": True, "is_superuser": True})[0])
print(client.cookies["sessionid"].value)
"""


@pytest.mark.proves("AUDIT-RUNNING-PAGE")
def test_query_that_really_runs_is_stopped_from_the_page(server: Server) -> None:
    session = server.manage("shell", "-c", SESSION).split()[-1]
    with (
        ThreadPoolExecutor(1) as analysts,
        httpx.Client(base_url=server.url, cookies={"sessionid": session}) as browser,
    ):
        asking = analysts.submit(server.error, "query", sql=SLOW)
        number = shown_number(browser)
        csrf = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', running(browser))[-1]
        form = {"query": number, "csrfmiddlewaretoken": csrf}
        answer = browser.post(ADDRESS, data=form, follow_redirects=True)
        assert f"Query {number} of alice is being cancelled" in answer.text
        assert "sue" in asking.result(timeout=15)
    row = server.rows("q.id = ?", int(number))[0]
    assert (row["outcome"], row["cancel_requested_by"]) == ("cancelled", "sue")


ADDRESS = "/admin/audit/querylog/running/"


def running(browser: httpx.Client) -> str:
    return browser.get(ADDRESS).text


def shown_number(browser: httpx.Client) -> str:
    """Return the slow query's number as soon as the page shows it."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        for row in running(browser).split("<tr>"):
            if "running page" in row:
                return str(ids_in(row)[0])
        time.sleep(0.1)
    raise AssertionError("the page never showed the query")
