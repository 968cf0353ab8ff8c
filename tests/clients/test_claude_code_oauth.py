"""The real Claude Code signs in by OAuth, in a terminal, and stays connected until it may not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.clients.claude_code import QUIET, ClaudeCode, binary
from tests.clients.terminal import terminal
from tests.live import Server, start_server
from tests.oauth.person import Person

NAME = "fireside-analytics"


@pytest.fixture(scope="module")
def server(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server that takes Claude Code's document from a stub."""
    home = tmp_path_factory.mktemp("oauth-claude")
    stub = "tests.oauth.stub_settings"
    with start_server(home, fleet.analytics_dsn, DJANGO_SETTINGS_MODULE=stub) as running:
        yield running


@pytest.fixture
def claude(tmp_path: Path) -> ClaudeCode:
    """Return Claude Code with an empty home."""
    return ClaudeCode(binary(), tmp_path)


def log_in(claude: ClaudeCode, server: Server, button: str = "allow") -> None:
    """Sign in as alice would: the address into the browser, the browser back to Claude Code."""
    person = Person(server, button=button)
    environ = {"PATH": os.environ["PATH"], "HOME": str(claude.home), **QUIET}
    words = [str(claude.path), "mcp", "login", "--no-browser", NAME]
    with terminal(words, claude.home, environ) as screen:
        address = screen.wait_for(r"(http://127\.0\.0\.1:\d+/oauth/authorize\?\S+)\s")[1]
        person.visit(address)
        httpx.get(person.sent_to, timeout=30)
        screen.wait_for(r"(?i)authenticated|success|connected|fail|denied|error")


@pytest.mark.proves("CLIENT-CLAUDE-CODE-OAUTH")
@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/"])
def test_claude_code_signs_in_and_is_connected_until_the_connection_is_revoked(
    server: Server, claude: ClaudeCode, path: str
) -> None:
    claude.run("mcp", "add", "--transport", "http", NAME, server.url + path)
    assert "✔ Connected" not in claude.run("mcp", "list")
    log_in(claude, server)
    assert "✔ Connected" in claude.run("mcp", "list")
    revoke_all(server)
    assert "✔ Connected" not in claude.run("mcp", "list")


@pytest.mark.proves("CLIENT-CLAUDE-CODE-OAUTH")
def test_claude_code_is_not_connected_when_the_person_denies(
    server: Server, claude: ClaudeCode
) -> None:
    claude.run("mcp", "add", "--transport", "http", NAME, server.url + "/mcp")
    log_in(claude, server, "deny")
    assert "✔ Connected" not in claude.run("mcp", "list")


def revoke_all(server: Server) -> None:
    server.manage(
        "shell",
        "-c",
        "from accounts.models import Connection\n"
        "from accounts.oauth.connections import revoke_connection\n"
        "for one in Connection.objects.all():\n"
        "    revoke_connection(connection=one, revoked_by=None, reason='test')",
    )
