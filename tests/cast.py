"""The cast: Alice and Bob the analysts, Tess the team lead, Otto the auditor, Sue the superuser,
and Ivan the intruder. Tess leads Alice's team; Bob is in another.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts.groups import AUDITORS, TEAM_LEADS
from accounts.models import Membership, Role, Team, User
from accounts.services import ensure_analyst


def staff(username: str, group: str) -> User:
    """Return a new person of staff in that group."""
    user = User.objects.create_user(username, is_staff=True)
    user.groups.set([Group.objects.get(name=group)])
    return user


@pytest.fixture
def dispatch(db: None) -> Team:
    """The team of Tess and Alice."""
    return Team.objects.create(name="Dispatch")


@pytest.fixture
def alice(dispatch: Team) -> User:
    """An analyst without a password."""
    user = ensure_analyst(username="alice")
    Membership.objects.create(team=dispatch, user=user)
    return user


@pytest.fixture
def bob(db: None) -> User:
    """An analyst of another team."""
    user = ensure_analyst(username="bob")
    Membership.objects.create(team=Team.objects.create(name="Finance"), user=user)
    return user


@pytest.fixture
def tess(dispatch: Team) -> User:
    """A team lead: issues and revokes the tokens of her team."""
    user = staff("tess", TEAM_LEADS)
    Membership.objects.create(team=dispatch, user=user, role=Role.LEAD)
    return user


@pytest.fixture
def otto(db: None) -> User:
    """An auditor: reads everything, changes nothing."""
    return staff("otto", AUDITORS)


@pytest.fixture
def sue(db: None) -> User:
    """A superuser."""
    return User.objects.create_superuser("sue")


@pytest.fixture
def ivan(db: None) -> User:
    """An intruder: a person with an account and no right to anything."""
    return User.objects.create_user("ivan")
