"""Who reaches the pages of tokens, and what nobody does there."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.authentication import authenticate
from accounts.models import AnalystToken, User
from accounts.services import IssuedToken, issue_token
from tests.accounts.token_pages import ADD, CHANGE, LIST, issue_through_admin, revoke_through_admin


@pytest.mark.proves("TOKEN-ADMIN-RIGHTS")
def test_auditor_looks_but_neither_issues_nor_revokes(
    client: Client, otto: User, issued: IssuedToken, alice: User
) -> None:
    client.force_login(otto)
    assert client.get(reverse(LIST)).status_code == 200
    assert issue_through_admin(client, alice)[0].status_code == 403
    revoke_through_admin(client, issued.token, confirmed="yes", reason="mischief")
    assert authenticate(f"Bearer {issued.secret}")


@pytest.mark.proves("TOKEN-ADMIN-RIGHTS")
@pytest.mark.parametrize("signed_in", [True, False])
def test_intruder_reaches_no_page(
    client: Client, ivan: User, issued: IssuedToken, signed_in: bool
) -> None:
    if signed_in:
        client.force_login(ivan)
    for address in (reverse(LIST), reverse(ADD), reverse(CHANGE, args=[issued.token.pk])):
        assert client.get(address).status_code == 302
    assert issue_through_admin(client, ivan)[1] == ""
    revoke_through_admin(client, issued.token, confirmed="yes", reason="mischief")
    assert list(AnalystToken.objects.all()) == [issued.token]
    assert authenticate(f"Bearer {issued.secret}")


@pytest.mark.proves("TOKEN-NEVER-DELETED")
def test_not_even_a_superuser_changes_or_deletes_tokens_or_deletes_people(
    admin_client: Client, issued: IssuedToken, ivan: User
) -> None:
    change = reverse(CHANGE, args=[issued.token.pk])
    before = AnalystToken.objects.values().get()
    assert admin_client.post(change, {"user": ivan.pk, "label": "mine"}).status_code == 403
    assert AnalystToken.objects.values().get() == before
    for name, pk in (("analysttoken", issued.token.pk), ("user", ivan.pk)):
        address = reverse(f"admin:accounts_{name}_delete", args=[pk])
        assert admin_client.post(address, {"post": "yes"}).status_code == 403
        page = admin_client.get(reverse(f"admin:accounts_{name}_changelist")).content.decode()
        assert "delete_selected" not in page
    assert User.objects.filter(pk=ivan.pk).exists()


@pytest.mark.proves("TOKEN-ADMIN-RIGHTS")
def test_lead_can_not_give_themselves_more_rights(
    tess_client: Client, tess: User, admin_user: User
) -> None:
    address = reverse("admin:accounts_user_change", args=[tess.pk])
    form = {"username": "tess", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert tess_client.post(address, {**form, **dates}).status_code == 403
    tess.refresh_from_db()
    assert not tess.is_superuser
    theirs = reverse("admin:accounts_user_change", args=[admin_user.pk])
    assert tess_client.post(theirs, form).status_code in (403, 404)
    password = reverse("admin:auth_user_password_change", args=[admin_user.pk])
    assert tess_client.get(password).status_code == 403


@pytest.mark.proves("TOKEN-ADMIN-RIGHTS")
def test_lead_can_not_become_a_colleague_by_setting_their_password(
    tess_client: Client, otto: User, alice: User
) -> None:
    def page(person: User) -> int:
        address = reverse("admin:auth_user_password_change", args=[person.pk])
        return tess_client.get(address).status_code

    assert page(otto) == 403
    assert page(alice) == 403


@pytest.mark.proves("TOKEN-ADMIN-TEAM")
def test_lead_neither_sees_nor_handles_tokens_of_another_team(
    tess_client: Client, bob: User, sue: User
) -> None:
    for person in (bob, sue):
        assert issue_through_admin(tess_client, person)[1] == ""
    theirs = issue_token(user=bob, label="desk")
    names = ("change", "history", "rotate", "revoke")
    for name in names:
        address = reverse(f"admin:accounts_analysttoken_{name}", args=[theirs.token.pk])
        assert tess_client.get(address).status_code == 404
    rotated = reverse("admin:accounts_analysttoken_rotate", args=[theirs.token.pk])
    form = {"overlap_hours": 0, "days": 30, "form_id": str(uuid4())}
    assert tess_client.post(rotated, form).status_code == 404
    revoked = reverse("admin:accounts_analysttoken_revoke", args=[theirs.token.pk])
    assert tess_client.post(revoked, {"reason": "mischief"}).status_code == 404
    revoke_through_admin(tess_client, theirs.token, confirmed="yes", reason="mischief")
    assert theirs.token.prefix not in tess_client.get(reverse(LIST)).content.decode()
    assert authenticate(f"Bearer {theirs.secret}")
    assert AnalystToken.objects.count() == 1
