"""How the pages write moments and numbers."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from accounts import html

register = template.Library()


@register.filter
def moment(value: datetime | None, empty: str = "-") -> SafeString:
    """Write a moment in UTC; a browser shows it in the viewer's zone."""
    return html.moment(value, empty)


@register.filter
def thousands(value: int | None) -> str:
    """Write a number with commas, nothing as a dash."""
    return "-" if value is None else f"{value:,}"
