"""The authorization server's addresses. The toolkit finds its own by the namespace."""

from __future__ import annotations

from django.urls import path, re_path
from oauth2_provider.views.base import RevokeTokenView
from oauth2_provider.views.metadata import OAuthServerMetadataView

from accounts.oauth.metadata import ResourceMetadataView, nothing_here
from accounts.oauth.registration import RegistrationView
from accounts.oauth.resources import MCP_PATH
from accounts.oauth.tokens import TokenView
from accounts.oauth.views import ConsentView

app_name = "oauth2_provider"
_WELL_KNOWN = ".well-known/"
_RESOURCE = _WELL_KNOWN + "oauth-protected-resource"

urlpatterns = [
    path(
        _WELL_KNOWN + "oauth-authorization-server",
        OAuthServerMetadataView.as_view(),
        name="oauth-server-metadata",
    ),
    path(_RESOURCE, ResourceMetadataView.as_view(), name="oauth-resource-metadata"),
    re_path(rf"^{_RESOURCE}{MCP_PATH}/?$", ResourceMetadataView.as_view(path=MCP_PATH)),
    re_path(r"^\.well-known/.*$", nothing_here),
    path("oauth/authorize", ConsentView.as_view(), name="authorize"),
    path("oauth/token", TokenView.as_view(), name="token"),
    # Where the official Python client refreshes after a restart, when it has no metadata yet.
    path("token", TokenView.as_view()),
    path("oauth/revoke", RevokeTokenView.as_view(), name="revoke-token"),
    path("oauth/register", RegistrationView.as_view(), name="dcr-register"),
]
