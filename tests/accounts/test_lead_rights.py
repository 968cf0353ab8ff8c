"""Who of the cast reaches which page, and what a lead can't do there."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import CharField, Model
from django.test import Client
from django.urls import reverse

from accounts.models import AnalystToken, Pause, Role, Team, User
from accounts.services import issue_token
from audit.models import Event
from tests.accounts.test_limits_admin import person_form

PEOPLE = "admin:accounts_user_changelist"
PERSON = "admin:accounts_user_change"
TEAM = "admin:accounts_team_change"
LOGIN = 302

# page -> who gets which answer: alice and ivan have no business in the admin at all.
TABLE = {
    "accounts_user_changelist": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_user_add": {"tess": 200, "otto": 403, "sue": 200},
    "accounts_user_change alice": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_user_change bob": {"tess": 404, "otto": 200, "sue": 200},
    "accounts_user_change tess": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_user_change sue": {"tess": 404, "otto": 200, "sue": 200},
    "accounts_user_history bob": {"tess": 404, "otto": 200, "sue": 200},
    "accounts_user_delete alice": {"tess": 403, "otto": 403, "sue": 403},
    "accounts_user_deactivate alice": {"tess": 200, "otto": 403, "sue": 200},
    "accounts_user_deactivate bob": {"tess": 404, "otto": 403, "sue": 200},
    "accounts_user_deactivate tess": {"tess": 404, "otto": 403, "sue": 200},
    "accounts_user_deactivate otto": {"tess": 404, "otto": 403, "sue": 200},
    "accounts_user_activate alice": {"tess": 200, "otto": 403, "sue": 200},
    "auth_user_password_change alice": {"tess": 403, "otto": 403, "sue": 200},
    "auth_user_password_change tess": {"tess": 403, "otto": 403, "sue": 200},
    "auth_group_changelist": {"tess": 403, "otto": 403, "sue": 200},
    "accounts_team_changelist": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_team_add": {"tess": 403, "otto": 403, "sue": 200},
    "accounts_team_change Dispatch": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_team_change Finance": {"tess": 404, "otto": 200, "sue": 200},
    "accounts_team_delete Dispatch": {"tess": 403, "otto": 403, "sue": 200},
    "accounts_analysttoken_changelist": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_analysttoken_add": {"tess": 200, "otto": 403, "sue": 200},
    "accounts_analysttoken_change alices": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_analysttoken_change bobs": {"tess": 404, "otto": 200, "sue": 200},
    "accounts_analysttoken_rotate alices": {"tess": 200, "otto": 403, "sue": 200},
    "accounts_analysttoken_rotate bobs": {"tess": 404, "otto": 403, "sue": 200},
    "accounts_analysttoken_revoke alices": {"tess": 200, "otto": 403, "sue": 200},
    "accounts_analysttoken_revoke bobs": {"tess": 404, "otto": 403, "sue": 200},
    "accounts_analysttoken_delete alices": {"tess": 403, "otto": 403, "sue": 403},
    "accounts_expiring": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_accesspolicy_changelist": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_accesspolicy_add": {"tess": 403, "otto": 403, "sue": 200},
    "accounts_deniedcolumn_changelist": {"tess": 200, "otto": 200, "sue": 200},
    "accounts_deniedcolumn_add": {"tess": 403, "otto": 403, "sue": 200},
    "accounts_pause": {"tess": 200, "otto": 200, "sue": 200},
    "audit_review": {"tess": 200, "otto": 403, "sue": 200},
}


# page -> the form that does something there.
VERBS: dict[str, dict[str, Any]] = {
    "accounts_analysttoken_add": {"label": "new", "days": 1},
    "accounts_analysttoken_rotate alices": {"overlap_hours": 1, "days": 1},
    "accounts_analysttoken_revoke alices": {"reason": "lost"},
    "accounts_user_add": {"username": "carol"},
    "accounts_user_deactivate alice": {"reason": "left"},
    "accounts_pause": {"pause": "1", "message": "Back soon", "sure": "on"},
    "audit_review": {"confirmed": "yes", "reason": "left"},
}


@pytest.fixture
def ids(alice: User, bob: User, request: pytest.FixtureRequest) -> dict[str, int]:
    """What the words of the table stand for, with the whole cast in place."""
    cast = [request.getfixturevalue(name) for name in ("tess", "otto", "sue", "ivan")]
    people = {person.username: person.pk for person in (alice, bob, *cast)}
    tokens = {f"{p.username}s": issue_token(user=p, label="desk").token.pk for p in (alice, bob)}
    return {**people, **tokens, **dict(Team.objects.values_list("name", "pk"))}


def state() -> list[Any]:
    """Everything that the verbs change."""
    tokens = AnalystToken.objects.order_by("pk").values_list("pk", "revoked_at", "expires_at")
    people = User.objects.order_by("pk").values_list("username", "is_active")
    return [*tokens, *people, Pause.objects.count(), Event.objects.filter(kind="reviewed").count()]


@pytest.mark.proves("LEAD-RIGHTS")
@pytest.mark.parametrize("who", ["alice", "ivan", "tess", "otto", "sue", None])
def test_everybody_reaches_exactly_the_pages_that_are_theirs(
    client: Client, ids: dict[str, int], who: str | None
) -> None:
    if who is not None:
        client.force_login(User.objects.get(username=who))
    found = {}
    for row in TABLE:
        name, _, word = row.partition(" ")
        address = reverse(f"admin:{name}", args=[ids[word]] if word else [])
        found[row] = client.get(address).status_code
    assert found == {row: answers.get(who or "", LOGIN) for row, answers in TABLE.items()}


@pytest.mark.proves("LEAD-RIGHTS")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["alice", "ivan", "tess", "otto", "sue", None])
def test_only_lead_and_superuser_do_what_the_pages_offer(
    client: Client, ids: dict[str, int], who: str | None, verb: str
) -> None:
    if who is not None:
        client.force_login(User.objects.get(username=who))
    name, _, word = verb.partition(" ")
    common = {"user": ids["alice"], "team": ids["Dispatch"], "form_id": str(uuid4())}
    form = {**common, f"token_{ids['alices']}": "revoke", **VERBS[verb]}
    before = state()
    answer = client.post(reverse(f"admin:{name}", args=[ids[word]] if word else []), form)
    done = who in ("tess", "sue")
    assert (state() != before) is done
    assert answer.status_code in ((200, 302) if done else (403,) if who == "otto" else (302,))


@pytest.mark.proves("LEAD-RIGHTS")
@pytest.mark.parametrize(
    "word", ["0", "9" * 40, "9" * 4400, "\u00b2", "\u0663\u0663\u0663", "x", "-1"]
)
def test_addresses_that_name_nobody_are_not_found(tess_client: Client, word: str) -> None:
    for name in ("user", "analysttoken", "team"):
        address = reverse(f"admin:accounts_{name}_changelist")
        for end in ("change/", "history/", "rotate/", "deactivate/"):
            assert tess_client.get(f"{address}{word}/{end}").status_code in (302, 404)
    for name, key in ((PEOPLE, "team"), ("admin:accounts_analysttoken_changelist", "status")):
        page = tess_client.get(reverse(name), {key: word, "_facets": "True"})
        assert page.status_code == 200


@pytest.mark.proves("LEAD-TEAM")
def test_lists_and_searches_show_a_lead_their_own_team_alone(
    tess_client: Client, ids: dict[str, int]
) -> None:
    lists = [PEOPLE, "admin:accounts_team_changelist", "admin:accounts_analysttoken_changelist"]
    for name in lists:
        for words in ({}, {"q": "bob"}, {"q": "Finance"}):
            found = tess_client.get(reverse(name), words).context["cl"].result_list
            assert "bob" not in str([getattr(one, "user", one) for one in found])
            assert "Finance" not in str(list(found))
    team = tess_client.get(reverse(PEOPLE), {"team": ids["Finance"]})
    assert list(team.context["cl"].result_list) == []
    words = {"app_label": "accounts", "model_name": "membership", "field_name": "user"}
    offered = tess_client.get(reverse("admin:autocomplete"), {**words, "term": ""}).json()
    assert {one["text"] for one in offered["results"]} == {"alice", "tess"}


@pytest.mark.proves("LEAD-POWER")
def test_lead_neither_renames_nor_empowers_nor_deactivates_by_the_form(
    tess_client: Client, alice: User, dispatch: Team
) -> None:
    groups = [group.pk for group in Group.objects.all()]
    rights = list(Permission.objects.values_list("pk", flat=True)[:3])
    form = person_form(tess_client, alice, username="eve", first_name="Alice")
    form |= {"is_staff": "on", "is_superuser": "on", "is_active": "", "password": "x"}
    form |= {"groups": groups, "user_permissions": rights}
    before = list(alice.groups.all())
    assert tess_client.post(reverse(PERSON, args=[alice.pk]), form).status_code == 302
    after = User.objects.get(pk=alice.pk)
    assert (after.username, after.first_name, after.is_active) == ("alice", "Alice", True)
    assert (after.is_staff, after.is_superuser, after.password) == (False, False, alice.password)
    assert (list(after.groups.all()), after.user_permissions.count()) == (before, 0)


@pytest.mark.proves("LEAD-POWER")
def test_lead_handles_no_member_of_staff_of_their_own_team(
    tess_client: Client, dispatch: Team, otto: User, alice: User
) -> None:
    dispatch.memberships.create(user=otto, role=Role.MEMBER)
    assert tess_client.get(reverse(PERSON, args=[otto.pk])).status_code == 200
    assert tess_client.post(reverse(PERSON, args=[otto.pk]), {"email": "x@y.z"}).status_code == 403
    both = {"action": "deactivate_selected", "_selected_action": [otto.pk, alice.pk]}
    tess_client.post(reverse(PEOPLE), {**both, "confirmed": "yes", "reason": "left"})
    otto.refresh_from_db()
    alice.refresh_from_db()
    assert (otto.is_active, alice.is_active) == (True, False)


@pytest.mark.proves("LEAD-POWER")
def test_lead_changes_no_team(tess_client: Client, dispatch: Team, bob: User) -> None:
    form = {
        "name": "Mine", "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0,
        "memberships-0-user": bob.pk, "memberships-0-role": "member",
    }  # fmt: skip
    assert tess_client.post(reverse(TEAM, args=[dispatch.pk]), form).status_code == 403
    dispatch.refresh_from_db()
    assert dispatch.name == "Dispatch"
    assert bob not in dispatch.people.all()


def foreign_lookups(model: type[Model]) -> list[str]:
    """Return lookups through everything that the model points at, and through its own text."""
    fields = model._meta.get_fields()
    beyond = [f.name for f in fields if f.is_relation and f.related_model is User]
    own = [f.name for f in fields if isinstance(f, CharField)]
    return [f"{name}__password__startswith" for name in beyond] + [f"{n}__regex" for n in own]


@pytest.mark.proves("LEAD-POWER", "LEAD-TEAM")
@pytest.mark.parametrize("who", ["tess", "otto"])
def test_no_list_answers_a_lookup_that_it_does_not_offer(
    client: Client, ids: dict[str, int], who: str
) -> None:
    client.force_login(User.objects.get(username=who))
    tried = 0
    # The record's lists have a form of their own, and don't look at other words.
    for model in [one for one in admin.site._registry if one._meta.app_label != "audit"]:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for lookup in foreign_lookups(model):
            reply = client.get(address, {lookup: "a"})
            assert reply.status_code in (302, 400, 403), (address, lookup)
            tried += 1
        reply = client.get(address, {"_popup": "1", "_to_field": "password"})
        assert reply.status_code in (302, 400, 403), address
    assert tried > 20


@pytest.mark.proves("LEAD-POWER")
def test_lookups_in_the_address_spell_out_no_secret(
    tess_client: Client, ids: dict[str, int]
) -> None:
    pages: dict[str, Any] = {
        PEOPLE: ["password__startswith", "tokens__digest__startswith", "is_superuser__exact"],
        "admin:accounts_analysttoken_changelist": ["digest__startswith", "user__password__gt"],
    }
    for name, lookups in pages.items():
        for lookup in lookups[:2]:
            assert tess_client.get(reverse(name), {lookup: "a"}).status_code in (302, 400)
