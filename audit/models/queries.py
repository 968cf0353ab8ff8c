"""The record: one row for each call of a tool, opened before the work and closed once after it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Outcome(models.TextChoices):
    """How a call ended; ``running`` is what a crash leaves behind."""

    RUNNING = "running"
    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class QueryLog(models.Model):
    """One ``tools/call``: who asked what, when, from where, and how it ended.

    The SQL text is kept whole; no value of a result is kept.
    """

    started_at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="queries", db_index=False
    )
    token = models.ForeignKey(
        "accounts.AnalystToken",
        on_delete=models.PROTECT,
        null=True,
        related_name="queries",
        db_index=False,
    )
    connection = models.ForeignKey(
        "accounts.Connection",
        on_delete=models.PROTECT,
        null=True,
        related_name="queries",
        db_index=False,
    )
    username = models.CharField(
        max_length=150,
        default="",
        help_text="The person's name at that time, whatever it is now.",
    )
    tool = models.CharField(max_length=64, help_text="As the client named it, known to us or not.")
    arguments = models.TextField(help_text="The arguments as JSON, whole.")
    sql = models.TextField(blank=True, help_text="The SQL text, where the tool takes one.")
    fingerprint = models.CharField(
        max_length=16,
        blank=True,
        help_text="The same for statements that differ in constants and layout only.",
    )
    limits = models.TextField(
        blank=True, help_text="The policy's name and limits that held, as JSON."
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    reason = models.CharField(max_length=40, blank=True, help_text="Our code for why it failed.")
    sqlstate = models.CharField(max_length=5, blank=True)
    rows = models.PositiveIntegerField(null=True)
    bytes = models.PositiveBigIntegerField(null=True, help_text="Size of the reply's content.")
    truncated = models.BooleanField(default=False)
    duration_ms = models.PositiveIntegerField(null=True, help_text="The whole call.")
    waited_ms = models.PositiveIntegerField(
        null=True, help_text="Of that, waiting for a free connection."
    )
    database_ms = models.PositiveIntegerField(null=True, help_text="Of that, in the database.")
    client = models.CharField(max_length=200, blank=True, help_text="The client's User-Agent.")
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    rpc_id = models.CharField(
        max_length=64, blank=True, help_text="The call's JSON-RPC id, by which a client cancels it."
    )
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes = [
            # The limits count a person's last rows and add up their day's, from the index alone.
            models.Index(fields=["user", "started_at", "rows"], name="query_user_time"),
            models.Index(
                fields=["user", "started_at"],
                condition=models.Q(outcome=Outcome.RUNNING),
                name="query_running_user",
            ),
            models.Index(
                fields=["token", "rpc_id"],
                condition=models.Q(outcome=Outcome.RUNNING),
                name="query_running",
            ),
            # The history is read newest first: with the id, an index gives that order by itself.
            models.Index(fields=["user", "-id"], name="query_user"),
            models.Index(fields=["token", "-id"], name="query_token"),
            models.Index(fields=["outcome", "-id"], name="query_outcome"),
            models.Index(fields=["fingerprint", "-id"], name="query_fingerprint"),
            models.Index(fields=["connection", "-id"], name="query_connection"),
            models.Index(
                fields=["connection", "rpc_id"],
                condition=models.Q(outcome=Outcome.RUNNING),
                name="query_running_connected",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="query_by_one_credential",
                condition=models.Q(token__isnull=False, connection__isnull=True)
                | models.Q(token__isnull=True, connection__isnull=False),
            ),
        ]
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("cancel_querylog", "Can cancel running queries"),
            ("export_querylog", "Can export the record"),
            ("review_access", "Can review who has access"),
        ]
        verbose_name = "query"
        verbose_name_plural = "query history"

    def __str__(self) -> str:
        return f"{self.tool} #{self.pk}"
