"""Exports, as somebody takes them from the pages."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

EXPORT = "admin:audit_export"
EVENTS = "admin:audit_export_events"


def download(client: Client, wanted: str, name: str = EXPORT, query: str = "") -> bytes:
    """Return the file that the page sends."""
    answer = client.post(f"{reverse(name)}?{query}", {"format": wanted})
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return answer.getvalue()
