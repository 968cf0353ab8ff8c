"""What tokens are for: this server, under each of the names that clients give it (RFC 8707)."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

MCP_PATH = "/mcp"


def audience() -> list[str]:
    """Return what stands in each token that we issue, and what the gate asks for."""
    return [settings.PUBLIC_URL]


def are_ours(named: Iterable[str]) -> bool:
    """Return True if each is an address of ours; blanks don't count, nor does a last slash."""
    ours = (settings.PUBLIC_URL, settings.PUBLIC_URL + MCP_PATH)
    return all(name.strip().removesuffix("/") in ours for name in named if name.strip())


def metadata_url(path: str) -> str:
    """Return where the metadata of the resource at that path is."""
    suffix = MCP_PATH if path.startswith(MCP_PATH) else ""
    return f"{settings.PUBLIC_URL}/.well-known/oauth-protected-resource{suffix}"
