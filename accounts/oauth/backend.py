"""How a request comes to oauthlib."""

from __future__ import annotations

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore


class Backend(OAuthLibCore):
    """The toolkit's, with the query as Django understood it: oauthlib raises over a stray %."""

    def _get_escaped_full_path(self, request: HttpRequest) -> str:
        return f"{request.path}?{request.GET.urlencode()}"
