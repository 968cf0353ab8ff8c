"""The switch that stops the whole server."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Subquery
from django.utils import timezone

from accounts.models.people import User
from accounts.validators import validate_line


class Pause(models.Model):
    """A time in which nobody's questions run; at most one is on."""

    is_on = models.BooleanField(default=True, editable=False)
    message = models.CharField(
        max_length=300, validators=[validate_line], help_text="What analysts are told."
    )
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    started_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="pauses_started"
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="pauses_ended"
    )

    class Meta:
        ordering = ["-started_at"]
        default_permissions = ("view",)
        permissions = [("pause_server", "Can pause and resume the server")]
        constraints = [
            models.UniqueConstraint(
                fields=["is_on"], condition=Q(is_on=True), name="pause_one_at_a_time"
            ),
            models.CheckConstraint(
                name="pause_ended_when_off",
                condition=Q(is_on=True, ended_at__isnull=True)
                | Q(is_on=False, ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.message


def current_message() -> Subquery:
    """Return the message of the pause that is on, or NULL."""
    return Subquery(Pause.objects.filter(is_on=True).order_by().values("message")[:1])
