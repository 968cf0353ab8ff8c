"""The switch for the whole server."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.authentication import authenticate
from accounts.errors import PauseRefused
from accounts.models import Pause, User
from accounts.pausing import current_pause, pause_server, resume_server
from accounts.services import IssuedToken
from accounts.signals import server_paused, server_resumed
from tests.accounts.test_policies import heard

PAGE = "admin:accounts_pause"
FORM = {"pause": "1", "message": "Back at 14:00 UTC", "sure": "on"}


@pytest.mark.proves("PAUSE-SWITCH")
def test_door_knows_of_a_pause_in_the_query_that_it_needs_anyway(
    issued: IssuedToken, tess: User
) -> None:
    def told() -> str | None:
        caller = authenticate(f"Bearer {issued.secret}")
        assert caller is not None
        return caller.paused

    assert told() is None
    with heard(server_paused) as on, heard(server_resumed) as off:
        pause = pause_server(message="Back at 14:00 UTC", by=tess, cancel_running=True)
        assert told() == "Back at 14:00 UTC"
        assert resume_server(by=tess) == pause
        assert resume_server(by=tess) is None
    assert told() is None
    assert [(one["pause"], one["by"], one["cancel_running"]) for one in on] == [(pause, tess, True)]
    assert [(one["pause"], one["by"]) for one in off] == [(pause, tess)]


@pytest.mark.proves("PAUSE-SWITCH")
def test_second_pause_and_a_message_that_is_no_line_are_refused(db: None) -> None:
    for message in ("", " ", "two\nlines", "x" * 301, "a\u202eb"):
        with pytest.raises(PauseRefused, match="one line"):
            pause_server(message=message)
    first = pause_server(message="one")
    with pytest.raises(PauseRefused, match="paused already"):
        pause_server(message="two")
    assert current_pause() == first
    resume_server()
    pause_server(message="two")
    assert Pause.objects.count() == 2


@pytest.mark.proves("PAUSE-ADMIN")
def test_lead_pauses_after_confirming_and_resumes(tess_client: Client, tess: User) -> None:
    unsure = tess_client.post(reverse(PAGE), {**FORM, "sure": ""})
    assert "errorlist" in unsure.content.decode()
    assert current_pause() is None
    assert tess_client.post(reverse(PAGE), FORM).status_code == 302
    pause = current_pause()
    assert pause is not None
    assert (pause.message, pause.started_by) == ("Back at 14:00 UTC", tess)
    page = tess_client.get(reverse(PAGE)).content.decode()
    assert "The server is paused" in page
    again = tess_client.post(reverse(PAGE), FORM)
    assert again.status_code == 200
    assert tess_client.post(reverse(PAGE), {"resume": "1"}).status_code == 302
    assert current_pause() is None
    assert "Back at 14:00 UTC" in tess_client.get(reverse(PAGE)).content.decode()


@pytest.mark.proves("PAUSE-ADMIN")
def test_auditor_looks_at_the_switch_and_does_not_touch_it(client: Client, otto: User) -> None:
    client.force_login(otto)
    page = client.get(reverse(PAGE))
    assert page.status_code == 200
    assert 'name="pause"' not in page.content.decode()
    assert client.post(reverse(PAGE), FORM).status_code == 403
    pause_server(message="one")
    assert client.post(reverse(PAGE), {"resume": "1"}).status_code == 403
    assert current_pause() is not None


@pytest.mark.proves("PAUSE-ADMIN")
def test_hostile_message_arrives_escaped(tess_client: Client) -> None:
    tess_client.post(reverse(PAGE), {**FORM, "message": "<script>alert(1)</script>"})
    page = tess_client.get(reverse(PAGE)).content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") == 2


@pytest.mark.proves("PAUSE-ADMIN")
def test_pause_is_neither_added_changed_nor_deleted_by_hand(admin_client: Client) -> None:
    pause = pause_server(message="one")
    for name, args in (("add", []), ("delete", [pause.pk])):
        address = reverse(f"admin:accounts_pause_{name}", args=args)
        assert admin_client.post(address, {"message": str(uuid4())}).status_code == 403
    change = reverse("admin:accounts_pause_change", args=[pause.pk])
    assert admin_client.post(change, {"message": "x"}).status_code == 403
    assert Pause.objects.get().message == "one"
