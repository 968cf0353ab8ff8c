"""The second factor: who must have it, and taking it away from who has lost theirs."""

from __future__ import annotations

from enum import Enum

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from accounts.models import User
from accounts.people import end_sessions
from accounts.signals import two_factor_reset

_SET_UP = "second_factor_set_up"


class Passed(Enum):
    """How far a session is with the second factor: passed, still to pass, or to be set up."""

    YES = "yes"
    NOT_YET = "not yet"
    NOT_SET_UP = "not set up"


def must_have_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether REQUIRE_TWO_FACTOR asks it of this person: of staff, that is."""
    return settings.REQUIRE_TWO_FACTOR == "staff" and getattr(user, "is_staff", False)


def has_second_factor() -> Exists:
    """Return the condition that a person has set their second factor up."""
    theirs = Authenticator.objects.filter(user_id=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return Exists(theirs)


def staff_without() -> QuerySet[User]:
    """Return the staff who have none yet: their password alone lets anybody set one up."""
    return User.objects.filter(~Q(has_second_factor()), is_staff=True, is_active=True)


def second_factor_of(request: HttpRequest) -> Passed:
    """Return what this very session proved: that the person has a factor proves nothing."""
    person = request.user.pk
    factor = Authenticator.objects.filter(user_id=person, type=Authenticator.Type.TOTP).first()
    if factor is None:
        return Passed.NOT_SET_UP
    if request.session.get(_SET_UP) == factor.pk:
        return Passed.YES
    records = get_authentication_records(request, request.user)
    # An older one is of a factor that is gone.
    since = factor.created_at.timestamp()
    passed = any(one["method"] == "mfa" and one["at"] >= since for one in records)
    return Passed.YES if passed else Passed.NOT_YET


def note_set_up(request: HttpRequest, user: User) -> None:
    """Remember that this session set the factor up, and end the person's others."""
    factor = Authenticator.objects.get(user_id=user.pk, type=Authenticator.Type.TOTP)
    request.session[_SET_UP] = factor.pk
    end_sessions(user=user, but=request.session.session_key)


@transaction.atomic
def reset_two_factor(*, user: User, by: User | None = None) -> bool:
    """Take away the person's second factor and recovery codes; return whether there were any.

    Ends all their sessions. Who signs in next with the password alone can set up a new one: only
    after talking to them.
    """
    deleted, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    if deleted:
        end_sessions(user=user)
        two_factor_reset.send(Authenticator, user=user, by=by)
    return bool(deleted)
