"""How to connect each client: the lines to paste, and a note without a secret."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

PLACEHOLDER = "<token>"


def connector_url() -> str:
    """Return the address that every client asks for."""
    return f"{settings.PUBLIC_URL}/mcp"


def claude_code_line(token: str) -> str:
    """Return the command that adds this server to Claude Code with the given token."""
    return f'{_add_line()} --header "Authorization: {header_value(token)}"'


def sign_in_lines() -> str:
    """Return the commands that add this server to Claude Code and sign in there."""
    return f"{_add_line()}\nclaude mcp login {settings.MCP_SERVER_NAME}"


def header_value(token: str) -> str:
    """Return the value of the Authorization header, for a client that asks for it alone."""
    return f"Bearer {token}"


def generic_config(token: str) -> str:
    """Return the JSON that most other clients keep in their file of servers."""
    server = {
        "type": "http",
        "url": connector_url(),
        "headers": {"Authorization": header_value(token)},
    }
    return json.dumps({"mcpServers": {settings.MCP_SERVER_NAME: server}}, indent=2)


@dataclass(frozen=True)
class Lines:
    """All that there is to paste for one token."""

    name: str
    url: str
    sign_in: str
    claude_code: str = field(repr=False)
    header: str = field(repr=False)
    generic: str = field(repr=False)


@sensitive_variables()
def lines(token: str = PLACEHOLDER) -> Lines:
    """Return the lines of each client."""
    return Lines(
        name=settings.MCP_SERVER_NAME,
        url=connector_url(),
        sign_in=sign_in_lines(),
        claude_code=claude_code_line(token),
        header=header_value(token),
        generic=generic_config(token),
    )


def note(*, owner: str, sender: str, prefix: str, label: str, expires: str) -> str:
    """Return what to send the analyst by an ordinary way: it holds no secret."""
    return f"""Hello {owner},

you can now ask {settings.MCP_SERVER_NAME} questions from Claude. It only reads.

Your token starts with {prefix} ({label}) and works until {expires}.
You get it from me apart from this message, by a safe way. Keep it to yourself:
every question that is asked with it stands under your name.

In Claude Code, run this with the token in its place:

{claude_code_line(PLACEHOLDER)}

In claude.ai and Claude Desktop add a custom connector with the address {connector_url()}
and sign in: no token is needed there. Ask me for a sign-in link if you have no password yet.
Other clients: the same address, and the token goes into the request header Authorization,
after the word Bearer.

What may be asked, and how to connect, is at {settings.PUBLIC_URL}/ . If it doesn't work, or the
token got into other hands, tell me at once.

{sender}
"""


def _add_line() -> str:
    return f"claude mcp add --transport http {settings.MCP_SERVER_NAME} {connector_url()}"
