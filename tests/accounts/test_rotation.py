"""A successor, and the time in which both tokens work."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.authentication import authenticate
from accounts.errors import AlreadyIssued, IssueRefused
from accounts.models import AnalystToken, User
from accounts.people import deactivate_person
from accounts.rotation import rotate_token
from accounts.services import IssuedToken, issue_token, revoke_token
from accounts.signals import token_issued, token_rotated
from tests.accounts.test_policies import heard


@pytest.mark.proves("TOKEN-ROTATE")
def test_both_tokens_work_until_the_overlap_is_over(issued: IssuedToken, tess: User) -> None:
    new = rotate_token(token=issued.token, overlap=timedelta(hours=2), by=tess)
    assert authenticate(f"Bearer {issued.secret}")
    assert authenticate(f"Bearer {new.secret}")
    left = issued.token.expires_at - timezone.now()
    assert timedelta(minutes=119) < left <= timedelta(hours=2)
    assert (new.token.replaces, new.token.label) == (issued.token, issued.token.label)
    AnalystToken.objects.filter(pk=issued.token.pk).update(expires_at=timezone.now())
    assert authenticate(f"Bearer {issued.secret}") is None
    assert authenticate(f"Bearer {new.secret}")


@pytest.mark.proves("TOKEN-ROTATE")
@pytest.mark.parametrize("lost", ["old", "new"])
def test_revoking_one_during_the_overlap_leaves_the_other(issued: IssuedToken, lost: str) -> None:
    new = rotate_token(token=issued.token)
    pair = {"old": issued, "new": new}
    revoke_token(token=pair[lost].token, reason="lost")
    found = {name: authenticate(f"Bearer {one.secret}") is None for name, one in pair.items()}
    assert found == {"old": lost == "old", "new": lost == "new"}


@pytest.mark.proves("TOKEN-ROTATE")
def test_old_token_ends_at_the_very_moment_at_which_the_overlap_does(issued: IssuedToken) -> None:
    rotate_token(token=issued.token, overlap=timedelta(hours=2))
    end, moment = issued.token.expires_at, timedelta(microseconds=1)
    assert issued.token.is_usable(end - moment)
    assert not issued.token.is_usable(end)


@pytest.mark.proves("TOKEN-ROTATE")
def test_without_overlap_the_old_token_ends_at_once(issued: IssuedToken) -> None:
    new = rotate_token(token=issued.token, overlap=timedelta())
    assert authenticate(f"Bearer {issued.secret}") is None
    assert authenticate(f"Bearer {new.secret}")


@pytest.mark.proves("TOKEN-ROTATE")
def test_overlap_never_makes_the_old_token_live_longer(alice: User) -> None:
    old = issue_token(user=alice, label="laptop", lifetime=timedelta(hours=1)).token
    end = old.expires_at
    rotate_token(token=old, overlap=timedelta(days=30))
    old.refresh_from_db()
    assert old.expires_at == end


@pytest.mark.proves("TOKEN-ROTATE")
@pytest.mark.parametrize("hours", [-1, 30 * 24 + 1])
def test_overlap_out_of_range_is_refused(issued: IssuedToken, hours: int) -> None:
    with pytest.raises(IssueRefused, match="0 to 30 days"):
        rotate_token(token=issued.token, overlap=timedelta(hours=hours))


@pytest.mark.proves("TOKEN-ROTATE")
def test_dead_rotated_or_barred_tokens_have_no_successor(alice: User) -> None:
    rotated, revoked, barred = (issue_token(user=alice, label=name).token for name in "abc")
    rotate_token(token=rotated)
    with pytest.raises(IssueRefused, match="rotated before"):
        rotate_token(token=rotated)
    revoke_token(token=revoked, reason="lost")
    with pytest.raises(IssueRefused, match="expired or revoked"):
        rotate_token(token=revoked)
    deactivate_person(user=alice)
    with pytest.raises(IssueRefused, match="deactivated"):
        rotate_token(token=barred)
    assert AnalystToken.objects.count() == 4


@pytest.mark.proves("TOKEN-ADMIN-TWICE")
def test_one_form_makes_one_token_whichever_verb_it_calls(issued: IssuedToken, alice: User) -> None:
    form = uuid4()
    rotate_token(token=issued.token, form_id=form)
    with pytest.raises(AlreadyIssued):
        rotate_token(token=issued.token, form_id=form)
    with pytest.raises(AlreadyIssued):
        issue_token(user=alice, label="desk", form_id=form)
    assert AnalystToken.objects.count() == 2


@pytest.mark.proves("TOKEN-ROTATE")
def test_rotation_is_announced_with_both_tokens(issued: IssuedToken, tess: User) -> None:
    with heard(token_rotated) as said, heard(token_issued) as made:
        new = rotate_token(token=issued.token, by=tess).token
    assert [(one["old"], one["token"], one["by"]) for one in said] == [(issued.token, new, tess)]
    assert [one["token"] for one in made] == [new]
