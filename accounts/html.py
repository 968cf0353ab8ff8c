"""Small pieces of HTML that several pages need."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString


def moment(value: datetime | None, empty: str = "-") -> SafeString:
    """Return the moment in UTC, marked so that a browser shows it in the viewer's zone."""
    if value is None:
        return format_html("{}", empty)
    utc = value.astimezone(UTC)
    stamp, shown = utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M UTC")
    return format_html('<time datetime="{}">{}</time>', stamp, shown)
