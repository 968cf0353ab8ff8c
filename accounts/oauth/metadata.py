"""What clients read before they ask: where to sign in, and for what."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from oauth2_provider.views.metadata import OAuthProtectedResourceMetadataView


class ResourceMetadataView(OAuthProtectedResourceMetadataView):
    """The document of the resource at ``path``: "" or "/mcp"."""

    path = ""

    def get_resource(self, request: HttpRequest) -> str:
        """Return the address under which this resource is known, never the request's own."""
        return f"{settings.PUBLIC_URL}{self.path}"

    def get_resource_name(self) -> str:
        """Return the server's name."""
        return str(settings.MCP_SERVER_NAME)


def nothing_here(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Answer a well-known address that we don't know: in a word, so that no client reads a page."""
    return HttpResponse("Not found.\n", status=404, content_type="text/plain; charset=utf-8")
