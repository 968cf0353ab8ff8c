"""The project as a Django app: it brings the system checks."""

from django.apps import AppConfig


class FleetmcpConfig(AppConfig):
    name = "fleetmcp"

    def ready(self) -> None:
        """Register the system checks."""
        from fleetmcp import checks  # noqa: F401  # importing registers them
