"""A server with people who have passwords, and a browser for each module.

Not for the session: while Playwright is up this thread has a running event loop, in which Django's
models and ``asyncio.run`` refuse to work, those of other tests too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from scripts.demo_db import LocalDatabase
from tests.browser.browsing import CHROMIUM, PASSWORD, Person, at_browser, launch
from tests.live import Server, start_server

Seat = Callable[[str], Person]

PEOPLE = f"""
from django.contrib.auth.models import Group
from accounts.models import Membership, Team, User
team = Team.objects.create(name="Dispatch")
group = lambda name: Group.objects.get(name=name)
User.objects.create_superuser("sue", password="{PASSWORD}")
for name, of in (("tess", "Team leads"), ("otto", "Auditors")):
    User.objects.create_user(name, password="{PASSWORD}", is_staff=True).groups.add(group(of))
User.objects.create_user("pia", password="{PASSWORD}", is_staff=True).groups.add(group("Auditors"))
for name in ("ivan", "dora"):
    User.objects.create_user(name, password="{PASSWORD}")
User.objects.filter(username="dora").update(is_active=False)
alice = User.objects.get(username="alice")
alice.set_password("{PASSWORD}"); alice.save()
Membership.objects.create(team=team, user=alice)
Membership.objects.create(team=team, user=User.objects.get(username="tess"), role="lead")
"""
HOSTILE = "SELECT '<script>alert(1)</script><img src=x onerror=alert(2)>' AS \"</textarea>\""
ASKED = (
    "SELECT count(*) FROM reporting.v_daily_summary",
    "SELECT * FROM tracksolid.devices LIMIT 5",
    "SELECT date_trunc('day', gps_time), count(*) FROM tracksolid.position_history GROUP BY 1",
    HOSTILE,
    "DELETE FROM tracksolid.devices",
    "SELECT nothing FROM nowhere",
)


@pytest.fixture(scope="session")
def site(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start fleetmcp with the cast and a little history."""
    if CHROMIUM is None:
        pytest.skip("no browser here: apt install chromium")
    with start_server(tmp_path_factory.mktemp("site"), fleet.analytics_dsn) as running:
        running.manage("shell", "-v0", "-c", PEOPLE)
        for sql in ASKED:
            running.call("query", sql=sql)
        yield running


@pytest.fixture(scope="module")
def chrome(site: Server) -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(chrome: Browser, site: Server) -> dict[str, Any]:
    """What each person's browser kept of signing in, made when first asked for."""
    return {}


@pytest.fixture
def seat(chrome: Browser, site: Server, signed_in: dict[str, Any]) -> Iterator[Seat]:
    """Return a function that seats a person at a browser, signed in; "" is nobody."""
    with ExitStack() as open_windows:

        def take(name: str) -> Person:
            kept = signed_in.get(name)
            person = open_windows.enter_context(at_browser(chrome, site.url, kept))
            if name and kept is None:
                person.sign_in(name)
                signed_in[name] = person.page.context.storage_state()
            return person

        yield take
