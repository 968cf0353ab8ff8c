"""A person walks from the client's address to the client's callback, in a real browser."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from scripts.demo_db import LocalDatabase
from tests.live import Server, start_server
from tests.oauth.flow import CHALLENGE, VERIFIER

CHROMIUM = shutil.which("chromium")
PASSWORD = "correct-horse-battery-staple-3"
PEOPLE = f"""
from django.contrib.auth.models import Group
from accounts.models import User
for name in ("tess", "otto"):
    person = User.objects.create_user(name, password="{PASSWORD}", is_staff=True)
    person.groups.add(Group.objects.get(name="Analysts"))
"""


@dataclass
class Program:
    """A program on the person's own computer that waits for the browser."""

    server: Server
    port: int = 0
    host: str = "localhost"
    client_id: str = ""
    came_back: list[dict[str, str]] = field(default_factory=list)

    @property
    def callback(self) -> str:
        return f"http://{self.host}:{self.port}/callback"

    def register(self) -> None:
        metadata = {
            "client_name": "Fleet notebook",
            "redirect_uris": [f"http://{self.host}/callback"],
            "token_endpoint_auth_method": "none",
        }
        said = httpx.post(f"{self.server.url}/oauth/register", json=metadata).json()
        self.client_id = said["client_id"]

    def address(self, **changes: str) -> str:
        """Return what the program opens in the browser."""
        words = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "state": "abc",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "resource": f"{self.server.url}/mcp",
        }
        return f"{self.server.url}/oauth/authorize?{urlencode(words | changes)}"

    def tokens(self) -> httpx.Response:
        """Trade the code that came back."""
        words = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "code_verifier": VERIFIER,
            "code": self.came_back[-1]["code"],
        }
        return httpx.post(f"{self.server.url}/oauth/token", data=words)


@pytest.fixture(scope="module")
def program(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Start a server with people who have passwords, and a program in front of it."""
    if CHROMIUM is None:
        pytest.skip("no browser here: apt install chromium")
    home = tmp_path_factory.mktemp("consent")
    with start_server(home, fleet.analytics_dsn, REQUIRE_TWO_FACTOR="never") as server:
        server.manage("shell", "-v0", "-c", PEOPLE)
        with listening(Program(server)) as waiting:
            yield waiting


@contextmanager
def listening(program: Program) -> Iterator[Program]:
    """Wait for the browser at the program's address, and register the program."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/callback"):
                program.came_back.append(dict(parse_qsl(urlsplit(self.path).query)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"Back in the program.")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    class Listener(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if program.host.startswith("[") else socket.AF_INET

    listener = Listener(("::1" if program.host.startswith("[") else "127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    program.port = listener.server_address[1]
    program.register()
    yield program
    listener.shutdown()
    listener.server_close()


@pytest.fixture(scope="module")
def chrome(program: Program) -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    """Open a narrow window in which nobody is signed in."""
    with chrome.new_context(viewport={"width": 360, "height": 740}) as context:
        window = context.new_page()
        window.set_default_timeout(60_000)
        yield window


def worth_telling(said: ConsoleMessage) -> list[str]:
    """Leave out the icon that browsers look for, and the refusal that the walk ends with."""
    expected = "favicon" in said.location["url"] or "status of 400" in said.text
    return [said.text] if said.type == "error" and not expected else []


def sign_in(page: Page, name: str) -> None:
    page.locator("input[name=username], input[name=login]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").last.press("Enter")


def border_of(page: Page, selector: str) -> str:
    """Return the colour by which a note says at a glance what kind it is."""
    style = "note => getComputedStyle(note).borderLeftColor"
    return str(page.locator(selector).first.evaluate(style))


@pytest.mark.proves("OAUTH-BROWSER")
def test_person_signs_in_switches_agrees_and_denies(
    program: Program, page: Page, tmp_path: Path
) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.extend(worth_telling(said)))
    page.goto(program.address())
    sign_in(page, "otto")
    page.get_by_role("heading", name="Connect Fleet notebook?").wait_for()
    assert "You are signed in as otto" in page.inner_text("main")
    page.get_by_role("button", name="Sign in as somebody else").click()
    sign_in(page, "tess")
    page.get_by_text("You are signed in as tess").wait_for()
    assert "Only go on if you started this yourself" in page.inner_text("main")
    assert border_of(page, ".note.warning") != border_of(page, ".note.success")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=tmp_path / "consent.png", full_page=True)
    page.get_by_role("button", name="Allow").press("Enter")
    page.get_by_text("Back in the program.").wait_for()
    assert program.came_back[-1]["iss"] == program.server.url
    tokens = program.tokens().json()
    assert tokens["access_token"].startswith("fmco_")
    page.goto(program.address())
    page.get_by_role("button", name="Deny").click()
    page.get_by_text("Back in the program.").wait_for()
    assert program.came_back[-1]["error"] == "access_denied"
    page.goto(program.address().replace("%2Fcallback", "%2Felsewhere"))
    page.get_by_role("heading", name="Not connected").wait_for()
    assert complaints == []


@pytest.mark.proves("OAUTH-WINDOW")
def test_program_in_a_page_is_not_cut_off_from_the_window_that_it_opens(
    program: Program, page: Page
) -> None:
    page.goto(program.callback.replace("/callback", "/"))
    with page.expect_popup() as opened:
        page.evaluate("address => { window.ours = window.open(address) }", program.address())
    window = opened.value
    window.set_default_timeout(60_000)
    sign_in(window, "tess")
    window.get_by_role("button", name="Allow").click()
    window.get_by_text("Back in the program.").wait_for()
    assert window.evaluate("window.opener !== null")
    assert page.evaluate("window.ours.closed") is False
    window.close()


@pytest.mark.proves("OAUTH-BROWSER")
def test_answer_reaches_a_program_that_listens_on_ipv6(program: Program, page: Page) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with listening(Program(program.server, host="[::1]")) as other:
        page.goto(other.address())
        sign_in(page, "tess")
        page.get_by_text("this computer (::1)").wait_for()
        page.get_by_role("button", name="Allow").click()
        page.get_by_text("Back in the program.").wait_for()
        assert other.tokens().status_code == httpx.codes.OK


@pytest.mark.proves("OAUTH-BROWSER")
def test_program_learns_what_is_wrong_without_anybody_signing_in(
    program: Program, page: Page
) -> None:
    page.goto(program.address(resource="https://evil.example"))
    page.get_by_text("Back in the program.").wait_for()
    assert program.came_back[-1]["error"] == "invalid_target"
