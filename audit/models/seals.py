"""The chain: each seal holds the digest of a segment of the record and of the seal before it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Seal(models.Model):
    """A sealed segment: the queries and events of these ids, and what they digest to.

    A segment may hold no queries or no events; then first is last plus one. ``leaves`` holds one
    entry for each row, so that a changed row can be named; it goes when the segment is pruned.
    """

    number = models.PositiveBigIntegerField(unique=True, help_text="From 1, without gaps.")
    sealed_at = models.DateTimeField(default=timezone.now)
    first_query = models.PositiveBigIntegerField()
    last_query = models.PositiveBigIntegerField()
    first_event = models.PositiveBigIntegerField()
    last_event = models.PositiveBigIntegerField()
    queries = models.PositiveIntegerField(help_text="How many queries are in it.")
    events = models.PositiveIntegerField(help_text="How many events are in it.")
    leaves = models.BinaryField(null=True)
    content = models.CharField(max_length=64, help_text="SHA-256 of the leaves.")
    previous = models.CharField(max_length=64, help_text="The digest of the seal before it.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of all the above.")
    pruned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"seal {self.number}"
