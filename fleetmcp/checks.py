"""System checks: settings that would let the server start wrong. Each has an id and a hint."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Warn

from fleetmcp.routers import ANALYTICS_ALIAS


@register()
def check_analytics_alias(**kwargs: Any) -> list[CheckMessage]:
    """E001: DATABASE_URL must name the analytics database."""
    if settings.DATABASES[ANALYTICS_ALIAS]["ENGINE"] == "django.db.backends.postgresql":
        return []
    hint = "Set DATABASE_URL to postgresql://analytics_ro:<password>@<host>:5432/<database>."
    return [Error("DATABASE_URL is not set.", hint=hint, id="fleetmcp.E001")]


@register()
def check_schemas(**kwargs: Any) -> list[CheckMessage]:
    """E002: something must be readable, and never the system's own schemas."""
    schemas = settings.ANALYTICS_SCHEMAS
    system = [s for s in schemas if s.startswith("pg_") or s == "information_schema"]
    if schemas and not system:
        return []
    hint = "Set ANALYTICS_SCHEMAS to the schemas that analysts may read: reporting,tracksolid."
    return [Error("ANALYTICS_SCHEMAS is unusable.", hint=hint, id="fleetmcp.E002")]


@register()
def check_unsafe_role(**kwargs: Any) -> list[CheckMessage]:
    """W001: an override that lets a role write must not go unseen."""
    if not settings.ANALYTICS_ALLOW_UNSAFE_ROLE:
        return []
    hint = "Apply scripts/analytics_ro_role.sql and unset ANALYTICS_ALLOW_UNSAFE_ROLE."
    return [Warn("A role that can write is allowed.", hint=hint, id="fleetmcp.W001")]


@register()
def check_debug(**kwargs: Any) -> list[CheckMessage]:
    """W002: DEBUG shows settings and SQL to whoever meets an error page."""
    if not settings.DEBUG:
        return []
    return [Warn("DEBUG is on.", hint="Unset DEBUG.", id="fleetmcp.W002")]
