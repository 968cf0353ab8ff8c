"""The page on connecting is true: its addresses answer, its commands and settings exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.test import Client
from oauth2_provider.cimd import CIMDError, SafeMetadataFetcher

from accounts.adapters import WAIT
from accounts.connecting import claude_code_line
from tests.oauth.flow import Flow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "connect.md").read_text()


@pytest.mark.proves("OAUTH-CONNECT-PAGE")
@pytest.mark.parametrize("path", sorted(set(re.findall(r"(/\.well-known/[\w/-]+)", PAGE))))
def test_named_documents_answer(path: str) -> None:
    assert Client().get(path).status_code == 200


@pytest.mark.proves("OAUTH-CONNECT-PAGE")
def test_links_commands_and_settings_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    for command in re.findall(r"manage\.py (\w+)", PAGE):
        assert command in get_commands()
    settings = (ROOT / "fleetmcp" / "settings.py").read_text()
    for name in re.findall(r"`(OAUTH_\w+)", PAGE):
        assert f'"{name}"' in settings
    line = claude_code_line("<token>")
    assert re.sub(r"https?://\S+/mcp", "https://fleetmcp.example.com/mcp", line) in PAGE


@pytest.mark.proves("OAUTH-CONNECT-PAGE")
def test_line_that_fetches_the_document_shows_it_or_says_why_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [line] = re.findall(r'manage\.py shell -v 0 -c "(.+)"', PAGE)
    addresses = [(2, 1, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: addresses)
    with pytest.raises(CIMDError, match="non-public address"):
        exec(line)  # the page's own words
    monkeypatch.setattr(SafeMetadataFetcher, "fetch", lambda *_: ({"client_name": "Claude"}, 60))
    exec(line)
    assert "Claude" in capsys.readouterr().out


@pytest.mark.proves("OAUTH-CONNECT-PAGE")
def test_words_that_people_look_for_are_those_of_our_pages(flow: Flow) -> None:
    consent = (ROOT / "templates" / "oauth" / "consent.html").read_text()
    refused = (ROOT / "templates" / "oauth" / "refused.html").read_text()
    assert "Your account may not ask questions here" in consent
    assert "Not connected" in refused
    page = flow.browser.get(flow.question()).content.decode()
    assert "after 180 days" in page
    invalid = (ROOT / "templates" / "403_csrf.html").read_text()
    assert "The form is no longer valid" in PAGE
    assert "The form is no longer valid" in invalid
    assert "Too many failed attempts" in WAIT
