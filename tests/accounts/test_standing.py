"""What lists say of a token at a glance."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import AnalystToken, User
from accounts.people import deactivate_person
from accounts.rotation import rotate_token
from accounts.services import issue_token, revoke_token
from accounts.standing import Standing, expiring_tokens, standing_condition, standings


def token(owner: User, now: datetime, **facts: datetime | str) -> AnalystToken:
    made = issue_token(user=owner, label="laptop").token
    AnalystToken.objects.filter(pk=made.pk).update(**{"last_used_at": now, **facts})
    return made


@pytest.fixture
def tokens(alice: User, bob: User) -> dict[int, set[Standing]]:
    """One token of each kind: its id, and what is true of it."""
    now, on = timezone.now(), Standing.ACTIVE
    known = {
        token(alice, now).pk: {on},
        token(alice, now, expires_at=now + timedelta(days=13)).pk: {on, Standing.EXPIRING},
        token(alice, now, expires_at=now + timedelta(days=15)).pk: {on},
        token(alice, now, expires_at=now).pk: {Standing.EXPIRED},
        token(alice, now, revoked_at=now, revoke_reason="lost").pk: {Standing.REVOKED},
        token(alice, now, last_used_at=now - timedelta(days=31)).pk: {on, Standing.UNUSED},
        token(alice, now, last_used_at=now - timedelta(days=29)).pk: {on},
        issue_token(user=alice, label="new").token.pk: {on, Standing.NEVER_USED},
        token(bob, now).pk: {on, Standing.OWNER_INACTIVE},
    }
    old = token(alice, now)
    known[rotate_token(token=old).token.pk] = {on, Standing.NEVER_USED}
    known[old.pk] = {on, Standing.EXPIRING, Standing.REPLACED}
    deactivate_person(user=bob)
    return known


@pytest.mark.proves("TOKEN-STANDING")
def test_words_and_questions_agree_for_every_kind_of_token(
    tokens: dict[int, set[Standing]],
) -> None:
    now = timezone.now()
    said = {one.pk: set(standings(one, now)) for one in AnalystToken.objects.all()}
    assert said == tokens
    for standing in Standing:
        found = AnalystToken.objects.filter(standing_condition(standing, now))
        expected = {pk for pk, true in tokens.items() if standing in true}
        assert set(found.values_list("pk", flat=True)) == expected
        assert expected


@pytest.mark.proves("TOKEN-EXPIRING")
def test_reminder_names_a_token_whose_successor_was_revoked(alice: User) -> None:
    old = issue_token(user=alice, label="laptop").token
    new = rotate_token(token=old, overlap=timedelta(hours=2)).token
    now = timezone.now()
    assert list(expiring_tokens(now, timedelta(days=14))) == []
    revoke_token(token=new, reason="lost on the way")
    assert list(expiring_tokens(now, timedelta(days=14))) == [old]


@pytest.mark.proves("TOKEN-EXPIRING")
def test_reminder_names_what_ends_soon_and_has_no_successor(
    tokens: dict[int, set[Standing]],
) -> None:
    now = timezone.now()
    found = expiring_tokens(now, timedelta(days=14))
    expected = [pk for pk, true in tokens.items() if true == {Standing.ACTIVE, Standing.EXPIRING}]
    assert list(found.values_list("pk", flat=True)) == expected
    assert expiring_tokens(now, timedelta(days=16)).count() == 2
