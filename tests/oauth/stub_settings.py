"""fleetmcp's settings, with one client's document in place of the network."""

from __future__ import annotations

import os
from typing import Any

import fleetmcp.settings
from fleetmcp.settings import *  # noqa: F403  # settings are one flat name space

DOCUMENT = "https://claude.ai/oauth/test-client-metadata"
PORT = os.environ.get("TEST_CALLBACK_PORT", "3000")


class Stub:
    """Fetches nothing."""

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return the document that any address holds, as ours would after fetching it."""
        from accounts.oauth.documents import narrowed  # only now are the models ready

        document = {
            "client_id": client_id,
            "client_name": "Client with a document",
            "redirect_uris": ["http://localhost/callback"],
            "grant_types": [
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
            ],
            "token_endpoint_auth_method": "none",
        }
        return narrowed(document), 3600


# A copy: whoever imports this module leaves fleetmcp's own settings as they are.
OAUTH2_PROVIDER = {
    **fleetmcp.settings.OAUTH2_PROVIDER,
    "CIMD_METADATA_FETCHER": "tests.oauth.stub_settings.Stub",
}
