"""What wants attention, for the first pages."""

from __future__ import annotations

from django import template
from django.utils import timezone

from accounts import pausing
from accounts.models import Pause, User
from accounts.standing import EXPIRING, expiring_tokens
from accounts.two_factor import staff_without

register = template.Library()


@register.simple_tag
def current_pause() -> Pause | None:
    """Return the pause that is on, or None."""
    return pausing.current_pause()


@register.simple_tag
def number_expiring(viewer: User) -> int:
    """Return how many tokens end soon of those whom the viewer may see."""
    ending = expiring_tokens(timezone.now(), EXPIRING)
    return ending.filter(user__in=User.objects.visible_to(viewer)).order_by().count()


@register.simple_tag
def number_without_second_factor() -> int:
    """Return how many of staff have yet to set up their second factor."""
    return staff_without().count()
