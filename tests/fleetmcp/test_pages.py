"""What every page says in its headers, the page for people, and the pages for errors."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from accounts.groups import ANALYSTS
from accounts.models import Connection, User
from accounts.pausing import pause_server
from accounts.services import issue_token, revoke_token
from audit.models import Outcome, QueryLog

POLICY = {
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
}
PAGES = ["/", "/login/", "/admin/", "/nowhere/", "/admin/accounts/user/", "/logout/"]
TEMPLATES = sorted(
    path
    for folder in ("templates", "accounts/templates", "audit/templates")
    for path in (Path(__file__).resolve().parents[2] / folder).rglob("*.html")
)


def signed_in(user: User) -> Client:
    """Return that person's client."""
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.proves("PAGES-CSP")
@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_strict_policy(sue: User, path: str) -> None:
    for client in (Client(), signed_in(sue)):
        parts = client.get(path).headers["Content-Security-Policy"].split("; ")
        assert set(parts) == POLICY


@pytest.mark.proves("PAGES-HEADERS")
@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_kept_framed_or_told_about(sue: User, path: str) -> None:
    headers = signed_in(sue).get(path).headers
    assert headers["Cache-Control"] == "no-store, private"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    # The page to sign in may be the window of a program that waits for it.
    opened = "unsafe-none" if path == "/login/" else "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == opened
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.proves("PAGES-CSP")
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_inline_script_or_style(template: Path) -> None:
    text = template.read_text()
    for word in ("<style", "style=", "<script>", "onclick=", "onload=", "javascript:", "|safe"):
        assert word not in text, word


@pytest.mark.proves("PAGES-OWN")
def test_own_page_shows_tokens_without_secrets(alice: User, bob: User, sue: User) -> None:
    issued = issue_token(user=alice, label="the laptop")
    gone = issue_token(user=alice, label="the old one")
    revoke_token(token=gone.token, revoked_by=sue, reason="lost")
    issue_token(user=bob, label="Bob's own")
    page = signed_in(alice).get("/").text
    for shown in ("the laptop", issued.token.prefix, "active", "the old one", "revoked", "never"):
        assert shown in page
    for hidden in (issued.secret, issued.token.digest, gone.secret, "Bob"):
        assert hidden not in page


@pytest.mark.proves("PAGES-OWN")
def test_own_page_shows_limits_usage_and_own_questions_escaped(alice: User, bob: User) -> None:
    for person, sql in ((alice, "SELECT '<script>'"), (bob, "SELECT 'of bob'")):
        token = issue_token(user=person, label="x").token
        QueryLog.objects.create(
            user=person, token=token, tool="query", sql=sql, rows=1234, outcome=Outcome.OK
        )
    page = signed_in(alice).get("/").text
    assert "1,234 of 1,000,000" in page
    assert "SELECT &#x27;&lt;script&gt;&#x27;" in page
    assert "of bob" not in page


@pytest.mark.proves("PAGES-OWN")
def test_only_who_may_see_the_history_gets_links_into_it(alice: User, otto: User) -> None:
    otto.groups.add(Group.objects.get(name=ANALYSTS))
    for person in (alice, otto):
        token = issue_token(user=person, label="x").token
        QueryLog.objects.create(user=person, token=token, tool="query", outcome=Outcome.OK)
    assert "/admin/audit/querylog/" not in signed_in(alice).get("/").text
    assert "/admin/audit/querylog/" in signed_in(otto).get("/").text


@pytest.mark.proves("PAGES-OWN")
def test_own_page_takes_a_constant_number_of_queries(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    token = issue_token(user=alice, label="x").token
    for _ in range(15):
        issue_token(user=alice, label="y")
        QueryLog.objects.create(user=alice, token=token, tool="query", outcome=Outcome.OK)
    client = signed_in(alice)
    with django_assert_max_num_queries(10):
        client.get("/")


@pytest.mark.proves("PAGES-STRANGERS")
def test_strangers_learn_how_to_connect_and_where_to_sign_in(db: None) -> None:
    page = Client().get("/").text
    ways = (
        "claude mcp add",
        "claude mcp login",
        "/mcp",
        "Authorization: Bearer",
    )
    for shown in (*ways, "/login/", "cost centres"):
        assert shown in page
    assert "Your tokens" not in page


@pytest.mark.proves("PAGES-ERRORS")
@pytest.mark.parametrize("name", ["400", "403_csrf", "500", "429"])
def test_error_pages_need_no_request_to_be_shown(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert page.count("<h1>") == 1
    assert "fleetmcp" in page


@pytest.mark.proves("PAGES-ERRORS")
def test_form_without_its_token_is_refused_with_what_to_do(db: None) -> None:
    reply = Client(enforce_csrf_checks=True).post("/login/", {"login": "a", "password": "b"})
    assert reply.status_code == 403
    assert "Nothing was changed" in reply.text


@pytest.mark.proves("PAGES-ERRORS")
def test_person_without_rights_is_told_so_in_the_admin(ivan: User) -> None:
    reply = signed_in(ivan).get("/admin/", follow=True)
    assert reply.status_code == 403
    assert "signed in as ivan" in reply.text


@pytest.mark.proves("DEPLOY-MISTAKES", "DOOR-HOSTS")
@pytest.mark.parametrize("path", ["/", "/admin/"])
def test_page_under_a_foreign_name_names_the_setting_and_nothing_else(
    client: Client, path: str
) -> None:
    reply = client.get(path, headers={"host": "fleetmcp.example.com"})
    assert reply.status_code == 400
    text = " ".join(reply.content.decode().split())
    assert "set PUBLIC_URL to the address that people use" in text
    assert "fleetmcp.example.com" not in text


@pytest.mark.proves("PAGES-OWN")
def test_own_page_says_what_is_true_of_a_token_which_programs_are_connected_and_a_pause(
    alice: User, sue: User
) -> None:
    token = issue_token(user=alice, label="the laptop", lifetime=timedelta(days=3)).token
    now = timezone.now()
    Connection.objects.create(
        user=alice, client_name="Claude", redirect_host="claude.ai", code_digest="x",
        expires_at=now + timedelta(days=3), ends_at=now + timedelta(days=9),
    )  # fmt: skip
    pause_server(message="Back at noon", by=sue)
    page = signed_in(alice).get("/").text
    for shown in (
        "expiring",
        "never used",
        token.prefix,
        "<td>Claude</td>",
        "claude.ai",
        "Back at noon",
    ):
        assert shown in page


@pytest.mark.proves("PAGES-OWN")
def test_who_may_not_ask_is_told_so_instead_of_limits(tess: User, ivan: User) -> None:
    for person, said in ((tess, "your pages are in the"), (ivan, "make you an analyst")):
        page = " ".join(signed_in(person).get("/").text.split())
        assert said in page
        assert "Rows today" not in page


@pytest.mark.proves("PAGES-STRANGERS")
def test_strangers_learn_that_signing_in_needs_no_token(db: None) -> None:
    page = " ".join(Client().get("/").text.split())
    assert "You need no token for that." in page
    assert "claude mcp login fireside-analytics" in page
