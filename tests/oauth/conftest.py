"""What the tests of OAuth share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from scripts.demo_db import LocalDatabase
from tests.live import Server, start_server
from tests.oauth.flow import Flow, signed_in


@pytest.fixture
def flow(alice: User) -> Flow:
    """A registered client with the browser of Alice."""
    return signed_in(alice)


@pytest.fixture(scope="session")
def server(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server whose clients' documents come from a stub."""
    home = tmp_path_factory.mktemp("oauth")
    with start_server(
        home,
        fleet.analytics_dsn,
        DJANGO_SETTINGS_MODULE="tests.oauth.stub_settings",
        OAUTH_REGISTRATIONS_PER_HOUR="10000",
    ) as running:
        yield running
