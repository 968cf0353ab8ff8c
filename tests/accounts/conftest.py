"""The cast: Alice the analyst, Tess the team lead, Otto the auditor, Ivan the intruder."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from accounts.services import IssuedToken, issue_token


@pytest.fixture
def alice(db: None) -> User:
    """An analyst without a password."""
    return User.objects.create_user("alice")


@pytest.fixture
def tess(db: None) -> User:
    """A team lead: staff who may see people and issue and revoke tokens."""
    user = User.objects.create_user("tess", is_staff=True)
    names = ("add_analysttoken", "view_analysttoken", "revoke_analysttoken", "change_user")
    user.user_permissions.set(Permission.objects.filter(codename__in=[*names, "view_user"]))
    return user


@pytest.fixture
def otto(db: None) -> User:
    """An auditor: staff who may look at tokens and no more."""
    user = User.objects.create_user("otto", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_analysttoken"))
    return user


@pytest.fixture
def ivan(db: None) -> User:
    """An intruder: a person with an account and no right to anything."""
    return User.objects.create_user("ivan")


@pytest.fixture
def issued(alice: User) -> IssuedToken:
    """Alice's token, fresh."""
    return issue_token(user=alice, label="laptop")


@pytest.fixture
def tess_client(client: Client, tess: User) -> Client:
    """A browser in which the team lead is signed in."""
    client.force_login(tess)
    return client
