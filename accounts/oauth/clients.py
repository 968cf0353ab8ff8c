"""The verbs of client programs: switched off and on by hand, cleaned when nobody uses them."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from oauth2_provider.models import clear_expired

from accounts.models import Application, Connection, TokenStatus, User
from accounts.signals import application_switched, applications_cleaned


def switch_application(*, application: Application, on: bool, by: User | None) -> bool:
    """Let the client in again or keep it out; return False if it was so before.

    Off, none of its connections opens the door, and on, those open it again.
    """
    with transaction.atomic():
        changed = Application.objects.filter(pk=application.pk, disabled_at__isnull=on is False)
        switched = bool(
            changed.update(
                disabled_at=None if on else timezone.now(), disabled_by=None if on else by
            )
        )
        application.refresh_from_db()
        if switched:
            application_switched.send(sender=Application, application=application, on=on, by=by)
    return switched


def clean_clients(*, older_than: timedelta) -> int:
    """Forget old clients without a living connection, and tokens that open nothing any more.

    Those that somebody typed in or switched off stay. Returns how many clients went.
    """
    now = timezone.now()
    living = Connection.objects.with_status(TokenStatus.ACTIVE, now)
    stale = Application.objects.filter(
        ~Exists(living.filter(application=OuterRef("pk"))),
        created__lt=now - older_than,
        disabled_at__isnull=True,
        registration_source__in=[
            Application.RegistrationSource.DCR,
            Application.RegistrationSource.CIMD,
        ],
    )
    with transaction.atomic():
        _, gone = stale.delete()
        count = gone.get(Application._meta.label, 0)
        if count:
            applications_cleaned.send(sender=Application, count=count, by=None)
    clear_expired()
    return count
