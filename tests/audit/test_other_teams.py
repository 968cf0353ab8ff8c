"""What other teams read is told to a lead by no figure, suggestion, filter or answer."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessPolicy, User
from audit.touched import Touch
from tests.audit.history import ask, days_ago
from tests.audit.pages import LIST, listed, signed_in
from tests.audit.test_usage_page import page

OURS, THEIRS = Touch("table", "reporting", "ours"), Touch("table", "finance", "theirs")
COLUMN = Touch("column", "finance", "theirs", "pay")


@pytest.fixture
def history(alice: User, bob: User) -> None:
    """The same statement of two teams, an object of each, on a counted day and today."""
    for days in (3, 0):
        ask(alice, days_ago(days, 0), sql="SELECT 'hers'", fingerprint="aaaa", touched=(OURS,))
        ask(
            bob,
            days_ago(days, 0),
            sql="SELECT 'BOB-SECRET'",
            fingerprint="aaaa",
            touched=(THEIRS, COLUMN),
        )


def history_page(client: Client, **words: str) -> str:
    """Return the history's page, without what says which words were asked for."""
    text = client.get(reverse(LIST), words).content.decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    return text if not words else text.replace(words["object"], "ASKED")


@pytest.mark.proves("AUDIT-OTHER-TEAMS")
def test_example_of_a_statement_is_of_somebody_whom_the_viewer_may_see(
    history: None, tess: User, otto: User
) -> None:
    assert "BOB-SECRET" not in page(signed_in(tess), days="7")
    assert "BOB-SECRET" in page(signed_in(otto), days="7")


@pytest.mark.proves("AUDIT-OTHER-TEAMS")
@pytest.mark.parametrize("counted", [False, True])
def test_objects_offered_are_those_that_the_viewers_people_read(
    history: None, tess: User, otto: User, counted: bool
) -> None:
    if counted:
        page(signed_in(otto), days="7")
    hers, all_of_it = history_page(signed_in(tess)), history_page(signed_in(otto))
    assert 'value="reporting.ours"' in hers
    assert "finance.theirs" not in hers
    for name in ("reporting.ours", "finance.theirs", "finance.theirs.pay"):
        assert f'value="{name}"' in all_of_it


@pytest.mark.proves("AUDIT-OTHER-TEAMS")
@pytest.mark.parametrize("name", ["finance.theirs", "finance.theirs.pay"])
def test_object_of_another_team_is_answered_like_one_that_nobody_ever_read(
    history: None, tess: User, otto: User, name: str
) -> None:
    client = signed_in(tess)
    there, nowhere = (history_page(client, object=one) for one in (name, "nobody.read_it"))
    assert there == nowhere
    assert listed(client, object="reporting.ours")
    assert listed(signed_in(otto), object=name)
    assert "No query has read" in history_page(signed_in(otto), object="nobody.read_it")
    assert "Write schema.table" in history_page(client, object="theirs")


@pytest.mark.proves("AUDIT-OTHER-TEAMS")
def test_policies_can_not_be_filtered_by_whom_they_hold_for(tess: User, bob: User) -> None:
    bob.policy = AccessPolicy.objects.create(name="Tight")
    bob.save()
    client = signed_in(tess)
    for words in ({"people": bob.pk}, {"people__username": "bob"}, {"people__id__exact": bob.pk}):
        reply = client.get(reverse("admin:accounts_accesspolicy_changelist"), words)
        assert reply.status_code == 400
