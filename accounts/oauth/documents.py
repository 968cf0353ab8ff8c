"""Documents by which clients are known: what of one's wishes this server serves."""

from __future__ import annotations

from typing import Any

from oauth2_provider.cimd import SafeMetadataFetcher

from accounts.oauth.provider import GRANT_TYPES


class DocumentFetcher(SafeMetadataFetcher):
    """The toolkit's, which would refuse a whole document for a grant type that it doesn't know."""

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return what stands at that address, narrowed, and for how many seconds it holds."""
        document, seconds = super().fetch(client_id)  # type: ignore[no-untyped-call]  # its own
        return narrowed(document), seconds


def narrowed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with those of its grant types that we serve (RFC 7591, section 2).

    Claude's lists one more, for companies that sign in by assertion.
    """
    wished = document.get("grant_types")
    if not isinstance(wished, list):
        return document
    return {**document, "grant_types": [grant for grant in wished if grant in GRANT_TYPES]}
