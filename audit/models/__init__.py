"""The record: queries, what they touched, events, and the seals over them."""

from __future__ import annotations

from audit.models.events import Event, EventKind
from audit.models.queries import Outcome, QueryLog
from audit.models.seals import Seal
from audit.models.touched import CatalogObject, ObjectKind, TouchedObject
from audit.models.usage import FirstTouch, UsageDay

__all__ = [
    "CatalogObject",
    "Event",
    "EventKind",
    "FirstTouch",
    "ObjectKind",
    "Outcome",
    "QueryLog",
    "Seal",
    "TouchedObject",
    "UsageDay",
]
