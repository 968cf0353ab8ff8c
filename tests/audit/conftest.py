"""Alice the analyst with a token, and calls of hers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from accounts.models import AnalystToken, User
from accounts.services import issue_token
from audit.services import Asked
from tests.audit.sealed import postgresql_record, record, sqlite_record  # noqa: F401  # fixtures


@pytest.fixture
def token(alice: User) -> AnalystToken:
    """Alice's token."""
    return issue_token(user=alice, label="laptop").token


@pytest.fixture
def asked(alice: User, token: AnalystToken) -> Callable[..., Asked]:
    """Return a call of Alice's, changed as the test says."""
    plain = Asked(
        user_id=alice.pk,
        username=alice.username,
        token_id=token.pk,
        tool="query",
        arguments='{"sql":"SELECT 1"}',
        sql="SELECT 1",
        client="claude-code/2.1",
        ip="203.0.113.7",
        request_id="r-1",
    )

    def changed(**changes: str | int | None) -> Asked:
        return replace(plain, **changes)  # type: ignore[arg-type]  # words of the dataclass

    return changed
