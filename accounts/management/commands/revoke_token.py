"""Revokes a token: ``manage.py revoke_token fmcp_AbC123 --reason "laptop lost"``."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from accounts.errors import RevokeRefused
from accounts.models import AnalystToken
from accounts.services import revoke_token

_LARGEST_ID = 2**63 - 1


class Command(BaseCommand):
    """Names the token by its id or by the prefix that lists show."""

    help = "Revoke an analyst token; it is refused from the next request on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare which token, and why."""
        parser.add_argument("token", metavar="PREFIX|ID", help="as list_tokens shows it")
        parser.add_argument("--reason", required=True, help="one line; it stays in the history")

    def handle(self, *, token: str, reason: str, **options: object) -> None:
        """Revoke the token, or say that it was revoked before."""
        found = _find(token)
        try:
            now = revoke_token(token=found, reason=reason)
        except RevokeRefused as refusal:
            raise CommandError(str(refusal)) from None
        done = "Revoked" if now else f"Was already revoked at {found.revoked_at:%Y-%m-%d %H:%M} UTC"
        self.stdout.write(f"{done}: token {found.pk} of {found.user.username}, {found}.")


def _find(reference: str) -> AnalystToken:
    """Neither error repeats the reference: in a hurry people paste the whole token."""
    named = Q(prefix=reference)
    if reference.isascii() and reference.isdigit() and int(reference) <= _LARGEST_ID:
        named |= Q(pk=int(reference))
    found = list(AnalystToken.objects.select_related("user").filter(named))
    if not found:
        raise CommandError("No token has that id or prefix: look it up with list_tokens.")
    if len(found) > 1:
        ids = ", ".join(str(token.pk) for token in found)
        raise CommandError(f"Several tokens answer to that; name one by its id: {ids}.")
    return found[0]
