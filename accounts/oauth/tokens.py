"""The token endpoint: a code or a refresh token in, the next pair out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.views.base import TokenView as ToolkitTokenView

from accounts.models import Grant


class TokenView(ToolkitTokenView):
    """The toolkit's, without device codes, and with every answer marked as what it is."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer in JSON that nobody keeps."""
        response: HttpResponse
        try:
            response = self.authorization_flow_token_response(request)
        except Grant.DoesNotExist:
            # Another request with the same code was served between two of the toolkit's questions.
            response = JsonResponse({"error": "invalid_grant"}, status=400)
        response["Content-Type"] = "application/json"
        response["Cache-Control"] = "no-store"
        return response
