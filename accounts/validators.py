"""What the words of policies and of the deny-list may be."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.limits import schema_names

_NAME_BYTES = 63


def validate_schemas(text: str) -> None:
    """Raise ValidationError for a schema that the server doesn't serve."""
    unknown = [name for name in schema_names(text) if name not in settings.ANALYTICS_SCHEMAS]
    if unknown:
        served = ", ".join(settings.ANALYTICS_SCHEMAS)
        raise ValidationError(f"Not served here: {', '.join(unknown)}. Served: {served}.")


def validate_line(text: str) -> None:
    """Raise ValidationError unless the text is printable: it travels into logs and scripts."""
    if not text.isprintable() or text != text.strip():
        raise ValidationError("One line of printable characters, without blanks at its ends.")


def validate_name(text: str) -> None:
    """Raise ValidationError for what can't be told apart in schema.table.column, ..."""
    validate_line(text)
    if "." in text or "," in text or len(text.encode()) > _NAME_BYTES:
        raise ValidationError("A name as PostgreSQL shows it, unquoted, without dot or comma.")
