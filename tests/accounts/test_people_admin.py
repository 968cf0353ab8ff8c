"""The pages for people and teams."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.authentication import authenticate
from accounts.groups import ANALYSTS, AUDITORS
from accounts.models import Membership, Role, Team, User
from accounts.policies import create_policy
from accounts.services import IssuedToken, ensure_analyst, issue_token
from accounts.signals import person_saved, team_saved
from tests.accounts.test_limits_admin import person_form
from tests.accounts.test_policies import heard

PEOPLE = "admin:accounts_user_changelist"
NEW = "admin:accounts_user_add"
PERSON = "admin:accounts_user_change"
DEACTIVATE = "admin:accounts_user_deactivate"
ACTIVATE = "admin:accounts_user_activate"
TEAM = "admin:accounts_team_change"


def members(team: Team | None, *people: tuple[User, Role]) -> dict[str, Any]:
    old = list(team.memberships.all()) if team else []
    form: dict[str, Any] = {
        "memberships-INITIAL_FORMS": len(old),
        "memberships-TOTAL_FORMS": len(old) + len(people),
    }
    rows: list[tuple[User, str, int | str]] = [(one.user, one.role, one.pk) for one in old]
    rows += [(user, role, "") for user, role in people]
    for number, (user, role, pk) in enumerate(rows):
        words = {"user": user.pk, "role": role, "id": pk, "team": team.pk if team else ""}
        form |= {f"memberships-{number}-{name}": value for name, value in words.items()}
    return form


@pytest.mark.proves("PEOPLE-ADMIN-ADD")
def test_lead_adds_an_analyst_of_their_team_without_a_password(
    tess_client: Client, tess: User, dispatch: Team
) -> None:
    policy = create_policy(name="own")
    form = {"username": "carol", "first_name": "Carol", "team": dispatch.pk, "policy": policy.pk}
    response = tess_client.post(reverse(NEW), {**form, "is_superuser": "on", "is_staff": "on"})
    carol = User.objects.get(username="carol")
    assert response["Location"] == reverse(PERSON, args=[carol.pk])
    assert (carol.first_name, carol.policy, list(carol.teams.all())) == (
        "Carol",
        policy,
        [dispatch],
    )
    assert (carol.is_staff, carol.is_superuser, carol.has_usable_password()) == (False,) * 3
    assert [group.name for group in carol.groups.all()] == [ANALYSTS]
    issue = f"{reverse('admin:accounts_analysttoken_add')}?user={carol.pk}"
    assert issue in tess_client.get(response["Location"]).content.decode()


@pytest.mark.proves("PEOPLE-ADMIN-ADD")
def test_lead_adds_nobody_to_another_team_or_to_none(
    tess_client: Client, dispatch: Team, bob: User
) -> None:
    finance = Team.objects.get(name="Finance")
    for team in (finance.pk, ""):
        page = tess_client.post(reverse(NEW), {"username": "carol", "team": team})
        assert "errorlist" in page.content.decode()
    form = tess_client.get(reverse(NEW)).context["adminform"].form
    assert list(form.fields["team"].queryset) == [dispatch]
    assert not User.objects.filter(username="carol").exists()


@pytest.mark.proves("PEOPLE-ADMIN-ADD")
def test_confusable_name_is_refused_on_the_page(tess_client: Client, alice: User) -> None:
    team = alice.teams.get()
    page = tess_client.post(reverse(NEW), {"username": "ALICE", "team": team.pk})
    assert "upper and lower case only" in page.content.decode()


@pytest.mark.proves("PEOPLE-ADMIN-DEACTIVATE")
def test_lead_deactivates_with_a_reason_and_activates_again(
    tess_client: Client, issued: IssuedToken
) -> None:
    pk = issued.token.user_id
    assert (
        reverse(DEACTIVATE, args=[pk])
        in tess_client.get(reverse(PERSON, args=[pk])).content.decode()
    )
    assert "Every door shuts" in tess_client.get(reverse(DEACTIVATE, args=[pk])).content.decode()
    unreasoned = tess_client.post(reverse(DEACTIVATE, args=[pk]), {"reason": ""})
    assert "errorlist" in unreasoned.content.decode()
    assert authenticate(f"Bearer {issued.secret}")
    assert tess_client.post(reverse(DEACTIVATE, args=[pk]), {"reason": "left"}).status_code == 302
    assert authenticate(f"Bearer {issued.secret}") is None
    assert LogEntry.objects.get().change_message == "Deactivated: left"
    assert (
        reverse(ACTIVATE, args=[pk]) in tess_client.get(reverse(PERSON, args=[pk])).content.decode()
    )
    tess_client.post(reverse(ACTIVATE, args=[pk]), {"reason": "back"})
    assert authenticate(f"Bearer {issued.secret}")


@pytest.mark.proves("PEOPLE-ADMIN-DEACTIVATE")
def test_action_asks_first_and_a_superuser_can_not_shut_themselves_out(
    client: Client, sue: User, alice: User
) -> None:
    client.force_login(sue)
    form = {"action": "deactivate_selected", "_selected_action": [alice.pk, sue.pk]}
    assert "Every door shuts" in client.post(reverse(PEOPLE), form).content.decode()
    page = client.post(reverse(PEOPLE), {**form, "confirmed": "yes", "reason": "left"})
    assert "Nobody deactivates themselves" in page.content.decode()
    assert User.objects.filter(is_active=True).count() == 2


@pytest.mark.proves("PEOPLE-ADMIN-POWER")
def test_superuser_hands_out_power_and_it_is_announced(
    client: Client, sue: User, alice: User
) -> None:
    client.force_login(sue)
    auditors = Group.objects.get(name=AUDITORS)
    form = person_form(client, alice, is_staff="on", groups=[auditors.pk])
    with heard(person_saved) as said:
        assert client.post(reverse(PERSON, args=[alice.pk]), form).status_code == 302
    alice.refresh_from_db()
    assert alice.is_staff
    assert [one["changes"] for one in said] == [
        {"is_staff": (False, True), "groups": (ANALYSTS, AUDITORS)}
    ]
    word = {"password1": "a-long-passphrase-9", "password2": "a-long-passphrase-9"}
    with heard(person_saved) as said:
        address = reverse("admin:auth_user_password_change", args=[alice.pk])
        assert client.post(address, {**word, "usable_password": "true"}).status_code == 302
    assert [list(one["changes"]) for one in said] == [["password"]]
    assert "passphrase" not in str(said)


@pytest.mark.proves("PEOPLE-ADMIN-LIST")
def test_list_of_people_takes_the_same_queries_for_two_as_for_twenty(
    tess_client: Client, dispatch: Team, alice: User
) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert tess_client.get(reverse(PEOPLE)).status_code == 200
        counts.append(len(queries))
        for number in range(18):
            user = ensure_analyst(username=f"analyst{number}")
            Membership.objects.get_or_create(team=dispatch, user=user)
            issue_token(user=user, label="desk")
    assert counts[0] == counts[1]


@pytest.mark.proves("TEAM-ADMIN")
def test_superuser_makes_a_team_names_its_lead_and_it_is_announced(
    client: Client, sue: User, tess: User, bob: User
) -> None:
    client.force_login(sue)
    with heard(team_saved) as said:
        form = {"name": "Night shift", **members(None, (tess, Role.LEAD))}
        assert client.post(reverse("admin:accounts_team_add"), form).status_code == 302
        team = Team.objects.get(name="Night shift")
        form = {"name": "Night shift", **members(team, (bob, Role.MEMBER))}
        client.post(reverse(TEAM, args=[team.pk]), form)
        client.post(reverse("admin:accounts_team_delete", args=[team.pk]), {"post": "yes"})
    assert [one["changes"] for one in said] == [
        {"name": ("", "Night shift"), "members": ("", "tess (lead)")},
        {"members": ("tess (lead)", "bob, tess (lead)")},
        {"name": ("Night shift", ""), "members": ("bob, tess (lead)", "")},
    ]
    assert [one["by"] for one in said] == [sue] * 3
    assert User.objects.filter(pk=bob.pk).exists()


@pytest.mark.proves("TEAM-ADMIN")
def test_joining_a_team_puts_a_person_into_the_leads_hands_at_once(
    client: Client, sue: User, tess: User, bob: User, dispatch: Team
) -> None:
    client.force_login(sue)
    form = {"name": "Dispatch", **members(dispatch, (bob, Role.MEMBER))}
    client.post(reverse(TEAM, args=[dispatch.pk]), form)
    assert bob in User.objects.handled_by(tess)
