"""Everything besides queries that an auditor asks about."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class EventKind(models.TextChoices):
    """What can happen."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a word, no password
    TWO_FACTOR_CHANGED = "two_factor_changed"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PERSON_DEACTIVATED = "person_deactivated"
    PERSON_ACTIVATED = "person_activated"
    TEAM_CHANGED = "team_changed"
    TOKEN_ISSUED = "token_issued"  # noqa: S105  # a word, no token
    TOKEN_ROTATED = "token_rotated"  # noqa: S105  # a word, no token
    TOKEN_REVOKED = "token_revoked"  # noqa: S105  # a word, no token
    TOKENS_REFUSED = "tokens_refused"
    CONNECTED = "connected"
    CONNECTION_REFRESHED = "connection_refreshed"
    CONNECTION_REVOKED = "connection_revoked"
    REPLAY_DETECTED = "replay_detected"
    CLIENT_CHANGED = "client_changed"
    POLICY_SAVED = "policy_saved"
    POLICY_ASSIGNED = "policy_assigned"
    COLUMN_DENIED = "column_denied"
    COLUMN_ALLOWED = "column_allowed"
    QUERY_CANCELLED = "query_cancelled"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXPORTED = "exported"
    REVIEWED = "reviewed"
    PRUNED = "pruned"


class Event(models.Model):
    """One thing that was done: by whom, to whom, and in which words. Never changed, never deleted.

    ``actor`` is empty for commands and for the server itself; ``actor_name`` says what did it.
    ``details`` is JSON, and holds no secret.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="events_done"
    )
    actor_name = models.CharField(max_length=150, blank=True)
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="events_suffered"
    )
    token = models.ForeignKey(
        "accounts.AnalystToken", models.PROTECT, null=True, related_name="events"
    )
    connection = models.ForeignKey(
        "accounts.Connection", models.PROTECT, null=True, related_name="events"
    )
    summary = models.CharField(max_length=300)
    details = models.TextField(blank=True)
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["kind", "-id"], name="event_kind")]

    def __str__(self) -> str:
        return self.summary
