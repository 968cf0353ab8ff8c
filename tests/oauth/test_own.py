"""What people see of their own connections, and end by themselves."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AnalystToken, Connection, User
from accounts.services import issue_token
from audit.models import Event
from tests.oauth.flow import Flow


def pressed(person: User, address: str, *, method: str = "post") -> int:
    """Send what a button of the own page sends; return the status."""
    browser = Client()
    browser.force_login(person)
    status: int = getattr(browser, method)(address).status_code
    return status


@pytest.mark.proves("OWN-END", "OAUTH-REVOKE")
def test_person_disconnects_a_program_from_the_own_page(flow: Flow, alice: User) -> None:
    tokens = flow.connect()
    page = flow.browser.get("/").text
    connection = Connection.objects.get()
    address = f"/own/connection/{connection.pk}/end/"
    assert address in page
    assert "claude.ai" in page
    assert pressed(alice, address) == 302
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert address not in flow.browser.get("/").text
    event = Event.objects.get(kind="connection_revoked")
    assert (event.actor, event.subject) == (alice, alice)


@pytest.mark.proves("OWN-END")
def test_person_revokes_a_token_from_the_own_page(client: Client, alice: User) -> None:
    issued = issue_token(user=alice, label="the lost laptop")
    address = f"/own/token/{issued.token.pk}/end/"
    client.force_login(alice)
    assert address in client.get("/").text
    assert "the lost laptop is revoked" in client.post(address, follow=True).text
    assert address not in client.get("/").text
    token = AnalystToken.objects.get()
    assert (token.revoked_by, token.revoke_reason) == (alice, "Ended by its owner.")
    assert Event.objects.filter(kind="token_revoked", actor=alice).count() == 1


@pytest.mark.proves("OWN-END")
def test_nobody_ends_what_is_not_theirs_and_no_link_ends_anything(
    flow: Flow, alice: User, bob: User, tess: User, sue: User
) -> None:
    flow.connect()
    token = issue_token(user=alice, label="x").token
    addresses = [
        f"/own/token/{token.pk}/end/",
        f"/own/connection/{Connection.objects.get().pk}/end/",
    ]
    for address in addresses:
        assert [pressed(person, address) for person in (bob, tess, sue)] == [404] * 3
        assert pressed(alice, address, method="get") == 405
        # Not back here after signing in: that would be by GET, and a blank page.
        assert Client().post(address).headers["Location"] == "/login/"
        assert Client(enforce_csrf_checks=True).post(address).status_code == 403
    assert not AnalystToken.objects.filter(revoked_at__isnull=False).exists()
    assert not Connection.objects.filter(revoked_at__isnull=False).exists()
