"""Clients that are known by a document of theirs, which comes from a stub."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from oauth2_provider.cimd import SafeMetadataFetcher, resolve_cimd_application
from pytest_django import Settings

from accounts.authentication import authenticate
from accounts.models import Application, Connection, User
from tests.oauth.flow import CLAUDE, DOCUMENT, Flow


class Stub:
    """Stands for the network."""

    asked: list[str] = []
    document: dict[str, Any] = {}


@pytest.fixture
def stub(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Stub]:
    """Documents come from the stub."""

    def fetch(self: object, client_id: str) -> tuple[dict[str, Any], int]:
        Stub.asked.append(client_id)
        return Stub.document, 3600

    monkeypatch.setattr(Stub, "asked", [])
    monkeypatch.setattr(Stub, "document", CLAUDE)
    monkeypatch.setattr(SafeMetadataFetcher, "fetch", fetch)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    return Stub


@pytest.mark.proves("OAUTH-DOCUMENTS")
def test_client_known_by_its_document_connects(alice: User, stub: type[Stub]) -> None:
    flow = Flow(client_id=DOCUMENT)
    flow.browser.force_login(alice)
    page = flow.browser.get(flow.question()).content.decode()
    assert "its own word only" not in page
    tokens = flow.connect()
    assert authenticate(f"Bearer {tokens['access_token']}") is not None
    assert Connection.objects.get().client_host == "claude.ai"
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.proves("OAUTH-DOCUMENTS")
@pytest.mark.parametrize(
    "client_id",
    ["https://evil.example/document", "https://claude.ai.evil.example/x", "http://claude.ai/x"],
)
def test_document_of_another_host_is_not_even_fetched(stub: type[Stub], client_id: str) -> None:
    assert resolve_cimd_application(client_id, None) is None
    assert stub.asked == []


@pytest.mark.proves("OAUTH-DOCUMENTS")
def test_document_that_sends_people_elsewhere_is_refused(stub: type[Stub]) -> None:
    stub.document = {"client_id": DOCUMENT, "redirect_uris": ["https://evil.example/x"]}
    assert resolve_cimd_application(DOCUMENT, None) is None
    assert stub.asked == [DOCUMENT]
    assert not Application.objects.exists()


@pytest.mark.proves("OAUTH-DOCUMENTS")
@pytest.mark.parametrize(
    "wished", [[], ["implicit"], ["client_credentials"], ["refresh_token"], "authorization_code"]
)
def test_document_without_our_kind_of_grant_is_refused(stub: type[Stub], wished: object) -> None:
    stub.document = CLAUDE | {"grant_types": wished}
    assert resolve_cimd_application(DOCUMENT, None) is None
    assert not Application.objects.exists()
