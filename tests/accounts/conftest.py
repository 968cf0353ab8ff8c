"""Alice's token, and Tess's browser."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import IssuedToken, issue_token


@pytest.fixture
def issued(alice: User) -> IssuedToken:
    """Alice's token, fresh."""
    return issue_token(user=alice, label="laptop")


@pytest.fixture
def tess_client(client: Client, tess: User) -> Client:
    """A browser in which the team lead is signed in."""
    client.force_login(tess)
    return client
