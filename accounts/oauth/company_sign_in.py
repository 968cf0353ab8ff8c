"""The way to the company's sign-in and back, as django-allauth walks it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from requests import RequestException

from accounts.single_sign_on import not_answered

logger = logging.getLogger(__name__)
# No connection or no JSON; or JSON in which the library misses what it looks up.
_NONSENSE = (RequestException, LookupError, TypeError, AttributeError)
_View = Callable[..., HttpResponseBase]


def answered(view: _View) -> _View:
    """Return the view, with a page of ours for a company that is down or talks nonsense."""

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except _NONSENSE:
            # With its traceback: it could be a mistake of ours as well.
            logger.warning("The company's sign-in failed.", exc_info=True)
            return not_answered(request)

    return asking


urlpatterns = [
    path("<provider_id>/login/", answered(views.login), name="openid_connect_login"),
    path("<provider_id>/login/callback/", answered(views.callback), name="openid_connect_callback"),
]
