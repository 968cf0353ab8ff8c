"""The team lead's pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.authentication import authenticate
from accounts.models import AnalystToken, User
from accounts.services import IssuedToken, issue_token

ADD = "admin:accounts_analysttoken_add"
LIST = "admin:accounts_analysttoken_changelist"
CHANGE = "admin:accounts_analysttoken_change"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


def issue_through_admin(client: Client, owner: User, label: str = "laptop") -> tuple[Any, str]:
    form = {"user": owner.pk, "label": label, "days": 30}
    response = client.post(reverse(ADD), form)
    found = re.findall(r"fmcp_[0-9A-Za-z]{49}", response.content.decode())
    return response, found[0] if found else ""


def revoke_through_admin(client: Client, *tokens: AnalystToken, **extra: str) -> Any:
    ids = [token.pk for token in tokens]
    form = {"action": "revoke_selected", "_selected_action": ids, **extra}
    return client.post(reverse(LIST), form)


@pytest.mark.proves("TOKEN-ADMIN-ISSUE")
def test_lead_issues_a_token_that_works_with_the_line_to_paste(
    tess_client: Client, alice: User, tess: User
) -> None:
    response, secret = issue_through_admin(tess_client, alice)
    caller = authenticate(f"Bearer {secret}")
    assert caller is not None
    assert caller.username == "alice"
    assert AnalystToken.objects.get().created_by == tess
    page = response.content.decode()
    assert "claude mcp add --transport http fireside-analytics http://127.0.0.1:8892/mcp" in page
    assert f"&quot;Authorization: Bearer {secret}&quot;" in page


@pytest.mark.proves("TOKEN-ADMIN-ONCE")
def test_secret_is_in_the_answer_to_the_post_and_nowhere_else(
    tess_client: Client, alice: User
) -> None:
    response, secret = issue_through_admin(tess_client, alice)
    token = AnalystToken.objects.get()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response.content.decode().count(secret) == 1
    assert not list(get_messages(response.wsgi_request))
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert len(LogEntry.objects.all()) == 1
    addresses = [reverse(LIST), reverse(CHANGE, args=[token.pk]), reverse("admin:index")]
    addresses += [reverse("admin:accounts_analysttoken_history", args=[token.pk]), reverse(ADD)]
    kept += [tess_client.get(address).content.decode() for address in addresses]
    for text in (*kept, str(response.cookies), str(response.headers)):
        assert secret not in text
        assert token.digest not in text


@pytest.mark.proves("TOKEN-ADMIN-ONCE")
def test_digest_is_neither_shown_nor_searched(tess_client: Client, issued: IssuedToken) -> None:
    for words in (issued.secret, issued.token.digest):
        page = tess_client.get(reverse(LIST), {"q": words}).content.decode()
        assert "0 analyst tokens" in page
    filtered = tess_client.get(reverse(LIST), {"digest__startswith": issued.token.digest[:4]})
    assert filtered.status_code in (302, 400)


@pytest.mark.proves("TOKEN-ADMIN-ISSUE")
@pytest.mark.parametrize(
    ("field", "value"),
    [("days", "0"), ("days", "3651"), ("label", ""), ("label", "a\u202eb"), ("user", "0")],
)
def test_bad_form_issues_nothing_and_says_why(
    tess_client: Client, alice: User, field: str, value: str
) -> None:
    form = {"user": str(alice.pk), "label": "laptop", "days": "30", field: value}
    response = tess_client.post(reverse(ADD), form)
    assert "errorlist" in response.content.decode()
    assert not AnalystToken.objects.exists()


@pytest.mark.proves("TOKEN-ADMIN-ISSUE")
def test_deactivated_person_can_not_be_chosen(tess_client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert issue_through_admin(tess_client, alice)[1] == ""


@pytest.mark.proves("TOKEN-ADMIN-ISSUE")
def test_issue_needs_the_csrf_token(tess: User, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(tess)
    assert issue_through_admin(client, alice)[0].status_code == 403
    assert not AnalystToken.objects.exists()


@pytest.mark.proves("TOKEN-ADMIN-ESCAPED")
def test_hostile_label_arrives_escaped_on_every_page(tess_client: Client, alice: User) -> None:
    response, _ = issue_through_admin(tess_client, alice, HOSTILE)
    token = AnalystToken.objects.get()
    pages = [response, revoke_through_admin(tess_client, token)]
    pages += [tess_client.get(reverse(LIST)), tess_client.get(reverse(CHANGE, args=[token.pk]))]
    for page in pages:
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


@pytest.mark.proves("TOKEN-ADMIN-ESCAPED")
def test_our_pages_carry_no_inline_script_or_style(tess_client: Client, alice: User) -> None:
    pages = [tess_client.get(reverse(ADD)), issue_through_admin(tess_client, alice)[0]]
    pages.append(revoke_through_admin(tess_client, AnalystToken.objects.get()))
    for page in pages:
        text = page.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)


@pytest.mark.proves("TOKEN-ADMIN-REVOKE")
def test_revoke_asks_for_a_reason_first_and_then_closes_the_door(
    tess_client: Client, issued: IssuedToken, tess: User
) -> None:
    asked = revoke_through_admin(tess_client, issued.token)
    assert "reason" in asked.content.decode()
    unreasoned = revoke_through_admin(tess_client, issued.token, confirmed="yes", reason=" ")
    assert "errorlist" in unreasoned.content.decode()
    assert authenticate(f"Bearer {issued.secret}")
    revoke_through_admin(tess_client, issued.token, confirmed="yes", reason="laptop lost")
    assert authenticate(f"Bearer {issued.secret}") is None
    token = AnalystToken.objects.get()
    assert (token.revoked_by, token.revoke_reason) == (tess, "laptop lost")
    assert LogEntry.objects.get().change_message == "Revoked: laptop lost"


@pytest.mark.proves("TOKEN-ADMIN-REVOKE")
def test_several_tokens_are_revoked_at_once_and_earlier_ones_stand(
    tess_client: Client, alice: User
) -> None:
    tokens = [issue_token(user=alice, label=name).token for name in "abc"]
    revoke_through_admin(tess_client, tokens[0], confirmed="yes", reason="first")
    revoke_through_admin(tess_client, *tokens, confirmed="yes", reason="second")
    reasons = AnalystToken.objects.order_by("label").values_list("revoke_reason", flat=True)
    assert list(reasons) == ["first", "second", "second"]


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
    assert tess_client.post(address, {**form, **dates}).status_code == 302
    tess.refresh_from_db()
    assert not tess.is_superuser
    theirs = reverse("admin:accounts_user_change", args=[admin_user.pk])
    assert tess_client.post(theirs, form).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[admin_user.pk])
    assert tess_client.get(password).status_code == 403


@pytest.mark.proves("TOKEN-ADMIN-LIST")
def test_list_takes_the_same_queries_for_one_token_as_for_twenty(
    tess_client: Client, alice: User
) -> None:
    counts = []
    for _ in range(2):
        issue_token(user=alice, label="laptop")
        with CaptureQueriesContext(connection) as queries:
            assert tess_client.get(reverse(LIST)).status_code == 200
        counts.append(len(queries))
        for _ in range(18):
            issue_token(user=alice, label="laptop")
    assert counts[0] == counts[1]


@pytest.mark.proves("TOKEN-ADMIN-LIST")
@pytest.mark.parametrize(
    ("status", "shown"), [("active", True), ("expired", False), ("revoked", False), ("?", True)]
)
def test_list_is_narrowed_by_status(
    tess_client: Client, issued: IssuedToken, status: str, shown: bool
) -> None:
    page = tess_client.get(reverse(LIST), {"status": status}).content.decode()
    assert (issued.token.prefix in page) is shown


@pytest.mark.proves("TOKEN-ADMIN-RIGHTS")
def test_lead_can_not_become_a_colleague_by_setting_their_password(
    tess_client: Client, otto: User, alice: User
) -> None:
    def page(person: User) -> int:
        address = reverse("admin:auth_user_password_change", args=[person.pk])
        return tess_client.get(address).status_code

    assert page(otto) == 403
    assert page(alice) == 200
