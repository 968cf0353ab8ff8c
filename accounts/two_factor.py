"""The second factor: who must have it, and taking it away from who has lost theirs."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from accounts.models import User
from accounts.signals import two_factor_reset


def must_have_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether REQUIRE_TWO_FACTOR asks it of this person: of staff, that is."""
    return settings.REQUIRE_TWO_FACTOR == "staff" and getattr(user, "is_staff", False)


@transaction.atomic
def reset_two_factor(*, user: User, by: User | None = None) -> bool:
    """Take away the person's second factor and recovery codes; return whether there were any.

    Who signs in next with the password alone can set up a new one: only after talking to them.
    """
    deleted, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    if deleted:
        two_factor_reset.send(Authenticator, user=user, by=by)
    return bool(deleted)
