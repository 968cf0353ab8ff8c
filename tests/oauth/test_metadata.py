"""The documents that clients read first."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

US = settings.PUBLIC_URL
SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"


@pytest.fixture
def client() -> Client:
    """A client that calls us by another name than PUBLIC_URL."""
    return Client(headers={"host": "localhost:9999", "x-forwarded-host": "evil.example"})


@pytest.mark.proves("OAUTH-METADATA")
def test_server_metadata_names_what_we_serve_and_nothing_else(client: Client) -> None:
    said = client.get(SERVER).json()
    assert said == {
        "issuer": US,
        "authorization_endpoint": f"{US}/oauth/authorize",
        "token_endpoint": f"{US}/oauth/token",
        "revocation_endpoint": f"{US}/oauth/revoke",
        "registration_endpoint": f"{US}/oauth/register",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "scopes_supported": ["analytics:read"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": said["token_endpoint_auth_methods_supported"],
        "revocation_endpoint_auth_methods_supported": said["token_endpoint_auth_methods_supported"],
        "client_id_metadata_document_supported": True,
        "authorization_response_iss_parameter_supported": True,
    }
    assert "none" in said["token_endpoint_auth_methods_supported"]


@pytest.mark.proves("OAUTH-METADATA")
@pytest.mark.parametrize(("suffix", "path"), [("", ""), ("/mcp", "/mcp"), ("/mcp/", "/mcp")])
def test_resource_metadata_stands_at_the_root_and_for_mcp(
    client: Client, suffix: str, path: str
) -> None:
    answer = client.get(RESOURCE + suffix)
    assert answer.json() == {
        "resource": US + path,
        "authorization_servers": [US],
        "scopes_supported": ["analytics:read"],
        "bearer_methods_supported": ["header"],
        "resource_name": settings.MCP_SERVER_NAME,
    }
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.proves("OAUTH-METADATA-404")
@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/",
        "/.well-known/a/b/c",
    ],
)
def test_unknown_well_known_address_is_a_plain_404(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert answer.content == b"Not found.\n"
