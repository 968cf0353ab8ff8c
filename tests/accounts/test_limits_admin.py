"""The pages for policies and the deny-list."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.denials import deny_column
from accounts.models import LIMITS, AccessPolicy, DeniedColumn, User
from accounts.policies import create_policy
from accounts.signals import column_allowed, column_denied, policy_assigned, policy_saved
from tests.accounts.test_policies import default, heard

POLICIES = "admin:accounts_accesspolicy_changelist"
POLICY = "admin:accounts_accesspolicy_change"
NEW_POLICY = "admin:accounts_accesspolicy_add"
DELETE_POLICY = "admin:accounts_accesspolicy_delete"
COLUMNS = "admin:accounts_deniedcolumn_changelist"
NEW_COLUMN = "admin:accounts_deniedcolumn_add"
COLUMN = "admin:accounts_deniedcolumn_change"
DELETE_COLUMN = "admin:accounts_deniedcolumn_delete"
PERSON = "admin:accounts_user_change"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"
PHONE: dict[str, Any] = {
    "schema": "tracksolid",
    "table": "drivers",
    "column": "phone",
    "reason": "personal",
}


def form_of(policy: AccessPolicy, **changes: Any) -> dict[str, Any]:
    words = {name: getattr(policy, name) for name in LIMITS}
    return {name: value for name, value in {**words, **changes}.items() if value is not False}


def person_form(client: Client, user: User, **changes: Any) -> dict[str, Any]:
    page = client.get(reverse(PERSON, args=[user.pk]))
    form = page.context["adminform"].form
    words = {name: form[name].value() for name in form.fields if name != "password"}
    words = {name: value for name, value in words.items() if value not in (None, False)}
    words.update(date_joined_0="2026-01-01", date_joined_1="00:00:00")
    return {**words, **changes}


def give(user: User, *names: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


@pytest.mark.proves("POLICY-ADMIN")
def test_superuser_makes_and_changes_a_policy_and_it_is_announced(
    admin_client: Client, admin_user: User
) -> None:
    with heard(policy_saved) as said:
        admin_client.post(reverse(NEW_POLICY), form_of(AccessPolicy(name="own", max_rows=5)))
        policy = AccessPolicy.objects.get(name="own")
        admin_client.post(reverse(POLICY, args=[policy.pk]), form_of(policy, max_rows=6))
    assert AccessPolicy.objects.get(name="own").max_rows == 6
    assert [(one["created"], one["by"]) for one in said] == [
        (True, admin_user),
        (False, admin_user),
    ]
    assert said[1]["changes"] == {"max_rows": (5, 6)}


@pytest.mark.proves("POLICY-ADMIN")
def test_policy_out_of_range_is_refused_on_its_page(admin_client: Client) -> None:
    page = admin_client.post(reverse(NEW_POLICY), form_of(AccessPolicy(name="own", max_rows=0)))
    assert "greater than or equal to 1" in page.content.decode()
    assert not AccessPolicy.objects.filter(name="own").exists()


@pytest.mark.proves("POLICY-ADMIN")
def test_default_is_chosen_by_an_action_and_never_deleted(admin_client: Client) -> None:
    old, policy = default(), create_policy(name="own")
    action = {"action": "make_default", "_selected_action": [policy.pk, old.pk]}
    response = admin_client.post(reverse(POLICIES), action)
    assert [str(said) for said in get_messages(response.wsgi_request)] == ["Select one policy."]
    assert default() == old
    admin_client.post(reverse(POLICIES), {**action, "_selected_action": [policy.pk]})
    assert default() == policy
    bulk = {"action": "delete_selected", "_selected_action": [policy.pk], "post": "yes"}
    admin_client.post(reverse(POLICIES), bulk)
    refused = admin_client.post(reverse(DELETE_POLICY, args=[policy.pk]), {"post": "yes"})
    assert refused.status_code == 403
    admin_client.post(reverse(DELETE_POLICY, args=[old.pk]), {"post": "yes"})
    assert list(AccessPolicy.objects.all()) == [policy]


@pytest.mark.proves("POLICY-ADMIN")
def test_hostile_names_arrive_escaped(admin_client: Client) -> None:
    create_policy(name=HOSTILE)
    deny_column(**{**PHONE, "column": HOSTILE, "reason": HOSTILE})
    for address in (POLICIES, COLUMNS):
        page = admin_client.get(reverse(address)).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


@pytest.mark.proves("POLICY-ADMIN-ASSIGN")
def test_lead_with_the_right_gives_an_analyst_a_policy_and_it_is_announced(
    tess_client: Client, tess: User, alice: User
) -> None:
    give(tess, "assign_accesspolicy", "view_accesspolicy")
    policy = create_policy(name="own")
    with heard(policy_assigned) as said:
        form = person_form(tess_client, alice, policy=policy.pk)
        assert tess_client.post(reverse(PERSON, args=[alice.pk]), form).status_code == 302
        form = person_form(tess_client, alice, first_name="Alice")
        tess_client.post(reverse(PERSON, args=[alice.pk]), form)
    changed = User.objects.get(pk=alice.pk)
    assert (changed.policy, changed.first_name) == (policy, "Alice")
    assert [(one["user"], one["before"], one["policy"], one["by"]) for one in said] == [
        (alice, None, policy, tess)
    ]


@pytest.mark.proves("POLICY-ADMIN-ASSIGN")
@pytest.mark.parametrize("right", [True, False])
def test_lead_raises_neither_their_own_limits_nor_without_the_right_anybody_s(
    tess_client: Client, tess: User, alice: User, right: bool
) -> None:
    if not right:
        own = Permission.objects.filter(group__user=tess).exclude(codename="assign_accesspolicy")
        tess.user_permissions.set(own)
        tess.groups.clear()
    policy = create_policy(name="wide")
    for person in [tess] if right else [tess, alice]:
        form = person_form(tess_client, person, policy=policy.pk)
        tess_client.post(reverse(PERSON, args=[person.pk]), form)
        assert User.objects.get(pk=person.pk).policy is None


@pytest.mark.proves("DENY-ADMIN")
def test_superuser_adds_and_takes_away_and_is_told_that_the_dba_has_to_act(
    admin_client: Client, admin_user: User
) -> None:
    with heard(column_denied) as said, heard(column_allowed) as taken:
        response = admin_client.post(reverse(NEW_COLUMN), PHONE)
        denied = DeniedColumn.objects.get()
        told = [str(message) for message in get_messages(response.wsgi_request)]
        assert "manage.py role_sql" in told[0]
        assert denied.created_by == admin_user
        admin_client.post(reverse(DELETE_COLUMN, args=[denied.pk]), {"post": "yes"})
        admin_client.post(reverse(NEW_COLUMN), PHONE)
        bulk = {"action": "delete_selected", "post": "yes"}
        ids = list(DeniedColumn.objects.values_list("pk", flat=True))
        admin_client.post(reverse(COLUMNS), {**bulk, "_selected_action": ids})
    assert not DeniedColumn.objects.exists()
    assert [one["by"] for one in (*said, *taken)] == [admin_user] * 4


@pytest.mark.proves("DENY-ADMIN")
def test_auditor_who_may_view_looks_at_the_list_and_changes_nothing(
    client: Client, otto: User
) -> None:
    denied = deny_column(**PHONE)
    names = [f"{verb}_deniedcolumn" for verb in ("view", "add", "change", "delete")]
    give(otto, *names)
    client.force_login(otto)
    assert "tracksolid.drivers.phone" in client.get(reverse(COLUMNS)).content.decode()
    for address in (reverse(NEW_COLUMN), reverse(COLUMN, args=[denied.pk])):
        assert client.post(address, {**PHONE, "column": "x"}).status_code == 403
    assert client.post(reverse(DELETE_COLUMN, args=[denied.pk]), {"post": "yes"}).status_code == 403
    assert list(DeniedColumn.objects.all()) == [denied]


@pytest.mark.proves("DENY-ADMIN")
def test_entry_is_never_changed_not_even_by_a_superuser(admin_client: Client) -> None:
    denied = deny_column(**PHONE)
    form = {**PHONE, "column": "full_name"}
    assert admin_client.post(reverse(COLUMN, args=[denied.pk]), form).status_code == 403
    assert DeniedColumn.objects.get().column == "phone"
