"""The one job of the router: nothing of ours is ever migrated into the analytics database."""

from __future__ import annotations

from typing import Any

ANALYTICS_ALIAS = "analytics_ro"


class AnalyticsRouter:
    """Models live in ``default``; ``analytics_ro`` is only for the engine's own SQL."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Refuse every migration on the analytics alias; have no opinion on the others."""
        return False if db == ANALYTICS_ALIAS else None
