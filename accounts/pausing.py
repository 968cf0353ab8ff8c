"""The switch for the whole server. Admin and commands call these; the door asks the database."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.errors import PauseRefused
from accounts.models import Pause, User
from accounts.signals import server_paused, server_resumed


def current_pause() -> Pause | None:
    """Return the pause that is on, or None."""
    return Pause.objects.filter(is_on=True).select_related("started_by").first()


def pause_server(*, message: str, by: User | None = None, cancel_running: bool = False) -> Pause:
    """Refuse every question from now on, in every process, and tell analysts the message.

    Raises PauseRefused for a message that is not one line, and while a pause is on.
    """
    pause = Pause(message=message.strip(), started_by=by)
    try:
        pause.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError:
        raise PauseRefused("Give analysts a message: one line of 1 to 300 characters.") from None
    with transaction.atomic():
        Pause.objects.bulk_create([pause], ignore_conflicts=True)
        stored = Pause.objects.filter(is_on=True).get()
        if (stored.message, stored.started_at) != (pause.message, pause.started_at):
            raise PauseRefused("The server is paused already: resume it first.")
        server_paused.send(sender=Pause, pause=stored, by=by, cancel_running=cancel_running)
    return stored


def resume_server(*, by: User | None = None) -> Pause | None:
    """Let questions in again; return the pause that ended, or None if there was none."""
    with transaction.atomic():
        pause = Pause.objects.select_for_update().filter(is_on=True).first()
        if pause is None:
            return None
        pause.is_on, pause.ended_at, pause.ended_by = False, timezone.now(), by
        pause.save(update_fields=["is_on", "ended_at", "ended_by"])
        server_resumed.send(sender=Pause, pause=pause, by=by)
    return pause
