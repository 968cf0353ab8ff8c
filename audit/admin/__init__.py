"""The record in Django admin: to read for those who may, to change for nobody."""

from audit.admin import (  # noqa: F401  # importing registers their pages
    events,
    objects,
    queries,
    seals,
)
