"""The link by which an analyst gets a password of their own."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import Event

NEW = "a-long-and-new-passphrase-7"


def link_of(client: Client, person: User) -> str:
    """Return the path of a new link for the person, as the page shows it."""
    page = client.post(reverse("admin:accounts_user_invite", args=[person.pk])).content.decode()
    found: list[str] = re.findall(r'id="the-link">https?://[^/]+(/[^<]+)<', page)
    return found[0]


def set_password(path: str, password: str = NEW) -> Client:
    """Follow the link as somebody who isn't signed in, and send the form."""
    client = Client()
    form = client.get(path).headers["Location"]
    client.post(form, {"new_password1": password, "new_password2": password})
    return client


@pytest.mark.proves("INVITE-LINK")
def test_analyst_sets_a_password_by_the_link_and_signs_in_once_it_is_set(
    tess_client: Client, alice: User
) -> None:
    link = link_of(tess_client, alice)
    client = set_password(link)
    assert "_auth_user_id" not in client.session
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    client.post("/login/", {"login": "alice", "password": NEW})
    assert client.session["_auth_user_id"] == str(alice.pk)
    told = list(Event.objects.filter(subject=alice).values_list("actor__username", "details"))
    assert ("tess", '{"sign-in link": ["", "made"]}') in told
    assert any(who == "alice" and "set by the link" in details for who, details in told)
    assert NEW not in str(told)


@pytest.mark.proves("INVITE-ONCE")
def test_link_works_once_and_not_for_who_was_deactivated_or_promoted(
    tess_client: Client, alice: User
) -> None:
    link = link_of(tess_client, alice)
    set_password(link)
    assert "doesn't work any more" in Client().get(link).content.decode()
    for change in ({"is_active": False}, {"is_active": True, "is_staff": True}):
        alice.is_staff = False
        alice.is_active = True
        alice.save()
        other = link_of(tess_client, alice)
        User.objects.filter(pk=alice.pk).update(**change)
        assert Client().get(other).status_code == 200
        assert "doesn't work any more" in Client().get(other).content.decode()


@pytest.mark.proves("INVITE-RIGHTS")
def test_link_is_made_for_ones_own_analysts_only_and_by_post(
    tess_client: Client, otto: User, alice: User, bob: User, sue: User
) -> None:
    for person in (bob, otto, User.objects.get(username="tess"), sue):
        address = reverse("admin:accounts_user_invite", args=[person.pk])
        assert tess_client.post(address).status_code == 404
    own = reverse("admin:accounts_user_invite", args=[alice.pk])
    assert b"the-link" not in tess_client.get(own).content
    looking = Client()
    looking.force_login(otto)
    assert looking.post(own).status_code == 403
    power = Client()
    power.force_login(sue)
    for person in (otto, sue):
        address = reverse("admin:accounts_user_invite", args=[person.pk])
        assert b"the-link" not in power.post(address).content
    assert "no-store" in tess_client.post(own).headers["Cache-Control"]
