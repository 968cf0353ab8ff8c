"""A person at a real browser, who complains about every page that isn't as good as promised."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

PASSWORD = "browse-with-care-7"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
_CONTRAST = {"type": "rule", "values": ["color-contrast"]}

_WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
_WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Person:
    """Somebody at the browser; ``errors`` is what the browser's console said."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    def visit(self, path: str, status: int = 200, *, closely: bool = True) -> None:
        """Open a page and demand everything of it; not ``closely``: all but what axe would see."""
        response = self.page.goto(self.url + path)
        if any("ERR_NETWORK_CHANGED" in said for said in self.errors):  # not by us
            self.errors.clear()
            response = self.page.reload()
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"
        if status != 200:  # the browser complains about the status itself
            self.errors.clear()
        self.inspect(closely=closely)

    def inspect(self, *, closely: bool = True) -> None:
        """Demand of the page as it is now what is demanded of every page."""
        self._demand_quiet()
        if closely:
            self._demand_access()
        self._demand_width()
        self.errors.clear()  # axe makes the browser complain, about axe

    def press(self, button: str | re.Pattern[str], *, closely: bool = True) -> None:
        """Send a form, and demand of the page that it leads to what is demanded of every page."""
        way = self.page.get_by_role("main").get_by_role("button", name=button)
        self.go(way, closely=closely)

    def follow(self, link: str, *, closely: bool = True) -> None:
        """Follow a link, the first of that name, and demand the same."""
        found = self.page.get_by_role("main").get_by_role("link", name=link, exact=True)
        self.go(found.first, closely=closely)

    def go(self, way: Locator, *, closely: bool = True) -> None:
        """Click on what leads to another page, and demand the same of that."""
        with self.page.expect_navigation() as going:
            way.click()
        assert going.value.status == 200, f"{self._where()}: {going.value.status}"
        self.inspect(closely=closely)

    def _where(self) -> str:
        return self.page.url.removeprefix(self.url)

    def _demand_quiet(self) -> None:
        page, where = self.page, self._where()
        violations = page.evaluate("window.violations")
        assert violations == [], f"{where}: {violations}"
        assert self.errors == [], f"{where}: {self.errors}"

    def _demand_access(self) -> None:
        page, where = self.page, self._where()
        light = _complaints(page, _RULES)
        assert not light, f"{where}: {light}"
        page.emulate_media(color_scheme="dark")
        dark = _complaints(page, _CONTRAST)
        page.emulate_media(color_scheme="light")
        assert not dark, f"{where}, dark: {dark}"

    def _demand_width(self) -> None:
        page, where = self.page, self._where()
        assert page.evaluate(_WIDTH) <= 0, f"{where} scrolls sideways at 1280 px"
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a TypedDict in name only
        assert page.evaluate(_WIDTH) <= 0, f"{where} scrolls sideways at 360 px: {wide(page)}"
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # a TypedDict in name only

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Sign in on the login page, as people do."""
        self.page.goto(f"{self.url}/login/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("button", name="Sign in").click()

    def text(self) -> str:
        """Return what the page says."""
        return self.page.get_by_role("main").inner_text()


def _complaints(page: Page, rules: dict[str, Any]) -> list[str]:
    """Return what axe finds: the rule and the first elements."""
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate("(options) => axe.run(options)", options)["violations"]
    return [f"{v['id']}: {[node['html'][:160] for node in v['nodes'][:3]]}" for v in found]


def wide(page: Page) -> list[str]:
    """Return the elements that stick out at the right."""
    code = """() => [...document.querySelectorAll('body *')].filter((e) =>
      e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .filter((e) => !e.parentElement.closest('.table-scroll, .results, pre')).slice(0, 6)
      .map((e) => e.outerHTML.slice(0, 120))"""
    found: list[str] = page.evaluate(code)
    return found


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; root needs it without its sandbox."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@contextmanager
def at_browser(browser: Browser, url: str, state: Any = None) -> Iterator[Person]:
    """Yield a person with a browser window of their own."""
    context = browser.new_context(
        viewport=WIDE,  # type: ignore[arg-type]  # a TypedDict in name only
        storage_state=state,
        timezone_id="Africa/Nairobi",
        reduced_motion="reduce",  # or colours would be measured on their way
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    try:
        yield _watched(context, url)
    finally:
        context.close()


def _watched(context: BrowserContext, url: str) -> Person:
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(_WATCH)
    person = Person(page, url)
    page.on("console", lambda m: person.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: person.errors.append(str(error)))
    return person
