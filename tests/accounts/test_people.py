"""Adding people, and shutting every door at once."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.authentication import authenticate
from accounts.errors import PersonRefused
from accounts.models import Team, User
from accounts.people import activate_person, add_analyst, deactivate_person
from accounts.policies import create_policy
from accounts.services import IssuedToken
from accounts.signals import (
    person_activated,
    person_deactivated,
    person_saved,
    policy_assigned,
    team_saved,
)
from tests.accounts.test_policies import heard


@pytest.mark.proves("PEOPLE-ADD")
def test_added_analyst_may_ask_has_no_password_and_everything_is_announced(
    dispatch: Team, tess: User
) -> None:
    policy = create_policy(name="own")
    with heard(person_saved) as saved, heard(team_saved) as joined, heard(policy_assigned) as got:
        user = add_analyst(user=User(username="carol"), team=dispatch, policy=policy, by=tess)
    carol = User.objects.get(pk=user.pk)
    assert not carol.has_usable_password()
    assert (carol.is_staff, carol.is_superuser, carol.policy) == (False, False, policy)
    assert carol.has_perm("accounts.use_mcp")
    assert carol in User.objects.handled_by(tess)
    assert [(one["user"], one["created"], one["by"]) for one in saved] == [(carol, True, tess)]
    assert [(one["team"], one["by"]) for one in joined] == [(dispatch, tess)]
    assert [(one["policy"], one["by"]) for one in got] == [(policy, tess)]


@pytest.mark.proves("PEOPLE-ADD")
@pytest.mark.parametrize("name", ["", "a b", "alice", "ALICE"])
def test_bad_or_taken_name_is_refused(alice: User, name: str) -> None:
    with pytest.raises(PersonRefused):
        add_analyst(user=User(username=name))
    assert list(User.objects.all()) == [alice]


@pytest.mark.proves("PEOPLE-DEACTIVATE")
def test_deactivation_shuts_token_and_session_at_once(
    client: Client, issued: IssuedToken, tess: User
) -> None:
    alice = issued.token.user
    client.force_login(alice)
    other = Client()
    other.force_login(tess)
    with heard(person_deactivated) as said:
        assert deactivate_person(user=alice, by=tess, reason="left")
        assert not deactivate_person(user=alice, by=tess, reason="left again")
    assert authenticate(f"Bearer {issued.secret}") is None
    assert [session.get_decoded()["_auth_user_id"] for session in Session.objects.all()] == [
        str(tess.pk)
    ]
    assert other.get(reverse("admin:index")).status_code == 200
    assert [(one["user"], one["by"], one["reason"]) for one in said] == [(alice, tess, "left")]


@pytest.mark.proves("PEOPLE-DEACTIVATE")
def test_activation_opens_tokens_again_and_no_old_session(
    client: Client, issued: IssuedToken, tess: User
) -> None:
    alice = issued.token.user
    client.force_login(alice)
    deactivate_person(user=alice, by=tess)
    with heard(person_activated) as said:
        assert activate_person(user=alice, by=tess)
        assert not activate_person(user=alice, by=tess)
    assert authenticate(f"Bearer {issued.secret}")
    assert not Session.objects.exists()
    assert len(said) == 1


@pytest.mark.proves("PEOPLE-DEACTIVATE")
def test_nobody_deactivates_themselves(sue: User) -> None:
    with pytest.raises(PersonRefused, match="colleague"):
        deactivate_person(user=sue, by=sue)
    sue.refresh_from_db()
    assert sue.is_active


@pytest.mark.proves("PEOPLE-DEACTIVATE")
def test_taking_away_the_right_to_ask_shuts_the_token_too(issued: IssuedToken) -> None:
    issued.token.user.groups.clear()
    assert authenticate(f"Bearer {issued.secret}") is None
