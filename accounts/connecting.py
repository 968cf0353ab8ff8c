"""The line that connects a client."""

from __future__ import annotations

from django.conf import settings


def claude_code_line(token: str) -> str:
    """Return the command that adds this server to Claude Code with the given token."""
    return (
        f"claude mcp add --transport http {settings.MCP_SERVER_NAME} {settings.PUBLIC_URL}/mcp "
        f'--header "Authorization: Bearer {token}"'
    )
