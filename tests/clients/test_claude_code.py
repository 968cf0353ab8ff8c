"""The analyst's own client: the real Claude Code connects, sees the tools, and gets rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.claude_code import ClaudeCode, asked, binary
from tests.live import Server
from tests.mcp.test_verification import TOOLS, TOP_TEN


@pytest.fixture
def claude(tmp_path: Path) -> ClaudeCode:
    """Return Claude Code with an empty home."""
    return ClaudeCode(binary(), tmp_path)


def add(claude: ClaudeCode, address: str, token: str) -> None:
    """Run the documented line."""
    header = f"Authorization: Bearer {token}"
    claude.run(
        "mcp", "add", "--transport", "http", "fireside-analytics", address, "--header", header
    )


@pytest.mark.proves("CLIENT-CLAUDE-CODE")
@pytest.mark.parametrize("path", ["", "/", "/mcp", "/mcp/"])
def test_mcp_list_shows_it_connected(server: Server, claude: ClaudeCode, path: str) -> None:
    add(claude, server.url + path, server.tokens["alice"])
    assert "✔ Connected" in claude.run("mcp", "list")


@pytest.mark.proves("CLIENT-CLAUDE-CODE")
def test_bad_token_does_not_connect(server: Server, claude: ClaudeCode) -> None:
    add(claude, server.url, "fmcp_nonsense")
    assert "Connected" not in claude.run("mcp", "list")


@pytest.mark.proves("CLIENT-CLAUDE-CODE")
def test_a_whole_turn_gets_the_top_ten_cost_centres(server: Server, claude: ClaudeCode) -> None:
    add(claude, server.url, server.tokens["alice"])
    model = asked(claude, "top 10 cost centres by distance in the last 30 days", TOP_TEN)
    offered = str(model.asked[0])
    assert all(f"mcp__fireside-analytics__{tool}" in offered for tool in TOOLS)
    expected = server.data("query", sql=TOP_TEN)["rows"]
    assert all(row[0] in model.results() and row[1] in model.results() for row in expected)
    row = next(row for row in reversed(server.rows()) if row["client"].startswith("claude-code/"))
    assert (row["sql"], row["outcome"], row["rows"]) == (TOP_TEN, "ok", 10)
