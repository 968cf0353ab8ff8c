"""The verbs that write people. Admin and commands call these."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.errors import PersonRefused
from accounts.groups import ANALYSTS
from accounts.models import AccessPolicy, Membership, Team, User
from accounts.policies import assign_policy
from accounts.signals import person_activated, person_deactivated, person_saved, team_saved

Changes = dict[str, tuple[Any, Any]]


def add_analyst(
    *,
    user: User,
    team: Team | None = None,
    policy: AccessPolicy | None = None,
    by: User | None = None,
) -> User:
    """Store a new person, who is in no database yet, as an analyst without a password.

    Raises PersonRefused for a name that no new person may have.
    """
    bad = why_bad_name(user.username)
    if bad:
        raise PersonRefused(f"The person {bad}.")
    user.set_unusable_password()
    user.policy = None
    with transaction.atomic():
        user.save(force_insert=True)
        user.groups.set(Group.objects.filter(name=ANALYSTS))
        announce_person(user=user, changes={}, created=True, by=by)
        if team is not None:
            join_team(team=team, user=user, by=by)
        assign_policy(user=user, policy=policy, by=by)
    return user


def join_team(*, team: Team, user: User, by: User | None = None) -> bool:
    """Make the person a member; return False if they were in the team before."""
    with transaction.atomic():
        _, joined = Membership.objects.get_or_create(team=team, user=user)
        if joined:
            changes = {"members": ("", f"+ {user.username}")}
            team_saved.send(sender=Team, team=team, changes=changes, by=by)
    return joined


def deactivate_person(*, user: User, by: User | None = None, reason: str = "") -> bool:
    """Shut every door at once: tokens, sessions, running queries. False if it was so before.

    Raises PersonRefused for who would shut themselves out.
    """
    if user == by:
        raise PersonRefused("Nobody deactivates themselves: ask a colleague.")
    with transaction.atomic():
        done = bool(User.objects.filter(pk=user.pk, is_active=True).update(is_active=False))
        user.is_active = False
        # Activating the person again must revive no old session.
        end_sessions(user=user)
        if done:
            person_deactivated.send(sender=User, user=user, by=by, reason=reason)
    return done


def activate_person(*, user: User, by: User | None = None, reason: str = "") -> bool:
    """Open the doors again: tokens that are neither expired nor revoked work once more."""
    with transaction.atomic():
        done = bool(User.objects.filter(pk=user.pk, is_active=False).update(is_active=True))
        user.is_active = True
        if done:
            person_activated.send(sender=User, user=user, by=by, reason=reason)
    return done


def end_sessions(*, user: User, but: str | None = None) -> None:
    """Sign the person out everywhere, but in the session of that key."""
    # A session names its person only inside; few people sign in, so few have to be read.
    alive = Session.objects.filter(expire_date__gte=timezone.now())
    theirs = [s.pk for s in alive if s.get_decoded().get("_auth_user_id") == str(user.pk)]
    Session.objects.filter(pk__in=theirs).exclude(pk=but).delete()


def announce_person(
    *, user: User, changes: Changes, created: bool = False, by: User | None = None
) -> None:
    """Say that the person was stored; call it inside of the transaction that stored them."""
    person_saved.send(sender=User, user=user, created=created, changes=changes, by=by)


def why_bad_name(username: str) -> str | None:
    """Return why no person of that name may be created, as the end of a sentence, or None.

    Names that differ in upper and lower case only can't be told apart in a history.
    """
    try:
        User(username=username).clean_fields(exclude=["password"])
    except ValidationError:
        return "has a name that is not 1 to 150 letters, digits and @/./+/-/_"
    same = User.objects.filter(username__iexact=username).first()
    if same is None:
        return None
    if same.username == username:
        return "is there already"
    return "differs from an existing person in upper and lower case only"
