"""The pictures in docs/images: a server with an invented history, and a browser in front of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

from tests.browser.browsing import PASSWORD, Person, launch
from tests.environment import SETTINGS
from tests.live import Server, start_server

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
MOST_BYTES = 180_000
SIZE = {"width": 1180, "height": 780}
HEIGHT = {"usage": 1560, "query": 1180, "landing": 1180}

PEOPLE = f"""
from accounts.models import User
User.objects.create_superuser("sue", password="{PASSWORD}")
asks = User.objects.filter(queries__isnull=False).order_by("pk").first()
asks.set_password("{PASSWORD}"); asks.save(); print(asks.username)
"""
# The server is gone when somebody sees the picture; a token in it would alarm them all the same.
_HIDE = """() => {
  const secret = document.getElementById('the-token').textContent.trim();
  for (const e of document.querySelectorAll('#content code, #content textarea')) {
    e.textContent = e.textContent.replaceAll(secret, secret.slice(0, 9) + '\\u2022'.repeat(24));
  }
}"""


def main() -> None:
    """Fill a server, walk its main pages, write the pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        start_server(Path(home), SETTINGS["DATABASE_URL"]) as server,
    ):
        _walk(server, _filled(server))
    for image in sorted(IMAGES.glob("*.png")):
        size = image.stat().st_size
        print(f"{image.name}: {size // 1000} kB{' - too large' if size > MOST_BYTES else ''}")


def _filled(server: Server) -> str:
    """Give the server a history and return the name of somebody who asks."""
    sure = "--i-know-this-is-no-real-history"
    server.policy(queries_per_minute=60, concurrent_queries=4, rows_per_day=1_000_000)
    server.manage("fill_audit", "--rows=4000", "--people=9", sure)
    server.manage("count_usage")
    return server.manage("shell", "-v0", "-c", PEOPLE).split()[-1]


def _walk(server: Server, analyst: str) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        pages = {
            name: browser.new_page(viewport=SIZE, reduced_motion="reduce")  # type: ignore[arg-type]  # a TypedDict in name only
            for name in ("", "sue", analyst)
        }
        for name, page in pages.items():
            if name:
                Person(page, server.url).sign_in(name)
        _take(pages[""], server.url, {"landing": "/", "login": "/login/"})
        _take(pages[analyst], server.url, {"own": "/"})
        _take_consent(pages[analyst], server.url)
        _take(pages["sue"], server.url, _ADMIN)
        _take_row(pages["sue"], server.url)
        _take_token(pages["sue"], server.url)
        browser.close()


_ADMIN = {
    "admin": "/admin/",
    "history": "/admin/audit/querylog/",
    "usage": "/admin/audit/querylog/usage/",
    "review": "/admin/audit/querylog/review/",
}


def _take(page: Page, url: str, wanted: dict[str, str]) -> None:
    for name, path in wanted.items():
        page.goto(url + path)
        _shoot(page, name)


def _take_consent(page: Page, url: str) -> None:
    there = "https://claude.ai/api/mcp/auth_callback"
    program = {
        "client_name": "Claude",
        "redirect_uris": [there],
        "token_endpoint_auth_method": "none",
    }
    registered = page.request.post(f"{url}/oauth/register", data=program).json()
    asked = {
        "response_type": "code",
        "client_id": registered["client_id"],
        "redirect_uri": there,
        "code_challenge": "0" * 43,
        "code_challenge_method": "S256",
    }
    page.goto(f"{url}/oauth/authorize?{urlencode(asked)}")
    _shoot(page, "consent")


def _take_row(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/audit/querylog/?outcome=ok&tool=query")
    page.locator("#result_list tbody a").first.click()
    _shoot(page, "query")


def _take_token(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/accounts/analysttoken/add/")
    page.get_by_label("Owner").select_option(label="alice")
    page.get_by_role("button", name="Issue").click()
    page.evaluate(_HIDE)
    _shoot(page, "token")


def _shoot(page: Page, name: str) -> None:
    page.wait_for_load_state()
    shown = {"x": 0, "y": 0, **SIZE, "height": HEIGHT.get(name, SIZE["height"])}
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=shown)  # type: ignore[arg-type]  # a TypedDict in name only


if __name__ == "__main__":
    main()
