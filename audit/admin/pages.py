"""The pages beside the lists: each module gives its own urls, mounted below the query history."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern

from audit.admin import export, review, running, usage


def urls(model_admin: Any) -> list[URLPattern]:
    """Return the urls of all pages; ``model_admin`` is that of the query history."""
    modules: list[Any] = [running, usage, export, review]
    return [url for module in modules for url in module.urls(model_admin)]
