"""The auditor's pages: to read, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.services import ensure_analyst, issue_token
from audit.models import Outcome, QueryLog
from audit.services import Answered, Asked, close_query, open_query

Ask = Callable[..., Asked]
LIST = "admin:audit_querylog_changelist"
ADD = "admin:audit_querylog_add"
CHANGE = "admin:audit_querylog_change"
DELETE = "admin:audit_querylog_delete"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


@pytest.fixture
def row(asked: Ask) -> QueryLog:
    """A closed row of Alice's."""
    query_id = open_query(asked())
    close_query(query_id, asked(), Answered(rows=1))
    return QueryLog.objects.get(pk=query_id)


def page(client: Client, name: str, *args: int, **query: str) -> str:
    """Return the text of a page that must be there."""
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def forged(row: QueryLog) -> dict[str, Any]:
    """Return the form of somebody who rewrites that row, or writes another one."""
    names = ("user", "token", "tool", "arguments", "sql", "outcome")
    form = QueryLog.objects.filter(pk=row.pk).values(*names).get()
    return {**form, "sql": "SELECT 'nothing happened'", "outcome": Outcome.REFUSED}


@pytest.mark.proves("AUDIT-ADMIN-READ-ONLY")
def test_not_even_a_superuser_adds_changes_or_deletes_a_row(
    admin_client: Client, row: QueryLog
) -> None:
    before = list(QueryLog.objects.values())
    for address in (reverse(ADD), reverse(CHANGE, args=[row.pk]), reverse(DELETE, args=[row.pk])):
        answer = admin_client.post(address, {**forged(row), "post": "yes"})
        assert answer.status_code == 403
    assert admin_client.get(reverse(ADD)).status_code == 403
    assert admin_client.get(reverse(DELETE, args=[row.pk])).status_code == 403
    assert list(QueryLog.objects.values()) == before


@pytest.mark.proves("AUDIT-ADMIN-READ-ONLY")
def test_bulk_delete_and_list_editing_do_nothing(admin_client: Client, row: QueryLog) -> None:
    before = list(QueryLog.objects.values())
    bulk = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    editing = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk, "_save": "Save"}
    for form in (bulk, {**editing, "form-0-outcome": "refused"}):
        admin_client.post(reverse(LIST), form)
        assert list(QueryLog.objects.values()) == before


@pytest.mark.proves("AUDIT-ADMIN-READ-ONLY")
def test_admins_own_history_of_a_row_is_not_there(admin_client: Client, row: QueryLog) -> None:
    address = reverse("admin:audit_querylog_history", args=[row.pk])
    assert admin_client.get(address).status_code == 404
    assert address not in page(admin_client, CHANGE, row.pk)


@pytest.mark.proves("AUDIT-ADMIN-READ-ONLY")
def test_pages_offer_no_way_to_write(admin_client: Client, row: QueryLog) -> None:
    shown = page(admin_client, LIST) + page(admin_client, CHANGE, row.pk)
    for word in (reverse(ADD), "deletelink", "delete_selected", 'name="_save"', 'name="sql"'):
        assert word not in shown


@pytest.mark.proves("AUDIT-ADMIN-READ-ONLY")
def test_person_with_history_cannot_be_deleted_through_the_pages(
    admin_client: Client, row: QueryLog
) -> None:
    address = reverse("admin:accounts_user_delete", args=[row.user_id])
    admin_client.post(address, {"post": "yes"})
    assert User.objects.filter(pk=row.user_id).exists()
    assert QueryLog.objects.filter(pk=row.pk).exists()


@pytest.mark.proves("AUDIT-ADMIN-RIGHTS")
def test_right_to_view_opens_the_pages_and_only_the_groups_of_auditors_everyones_rows(
    client: Client, row: QueryLog
) -> None:
    addresses = (reverse(LIST), reverse(CHANGE, args=[row.pk]))
    assert [client.get(address).status_code for address in addresses] == [302, 302]
    otto = User.objects.create_user("otto", is_staff=True)
    client.force_login(otto)
    assert [client.get(address).status_code for address in addresses] == [403, 403]
    otto.user_permissions.set(Permission.objects.filter(codename="view_querylog"))
    assert [client.get(address).status_code for address in addresses] == [200, 404]
    codenames = ["view_querylog", "see_everyone"]
    otto.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert [client.get(address).status_code for address in addresses] == [200, 200]


@pytest.mark.proves("AUDIT-ADMIN-RIGHTS")
def test_right_to_delete_and_change_given_by_mistake_opens_nothing(
    client: Client, row: QueryLog
) -> None:
    otto = User.objects.create_user("otto", is_staff=True)
    names = [f"{verb}_querylog" for verb in ("add", "change", "delete", "view")]
    otto.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(otto)
    for address in (reverse(ADD), reverse(CHANGE, args=[row.pk]), reverse(DELETE, args=[row.pk])):
        assert client.post(address, {**forged(row), "post": "yes"}).status_code == 403
    assert QueryLog.objects.values("sql", "outcome").get() == {"sql": "SELECT 1", "outcome": "ok"}


@pytest.mark.proves("AUDIT-ADMIN-ESCAPED")
def test_hostile_text_arrives_escaped_in_list_and_detail(admin_client: Client, asked: Ask) -> None:
    hostile = asked(
        tool=HOSTILE, sql=HOSTILE, arguments=HOSTILE, client=HOSTILE, request_id=HOSTILE
    )
    query_id = open_query(hostile)
    for shown in (page(admin_client, LIST, q="script"), page(admin_client, CHANGE, query_id)):
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        assert "{{7*7}}" in shown
    assert page(admin_client, CHANGE, query_id).count("&lt;script&gt;alert") >= 5


@pytest.mark.proves("AUDIT-ADMIN-ESCAPED")
def test_hostile_search_text_arrives_escaped(admin_client: Client, row: QueryLog) -> None:
    shown = page(admin_client, LIST, q=HOSTILE)
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


@pytest.mark.proves("AUDIT-ADMIN-ESCAPED")
def test_our_pages_carry_no_inline_script_or_style(admin_client: Client, row: QueryLog) -> None:
    for shown in (page(admin_client, LIST), page(admin_client, CHANGE, row.pk)):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", shown)


@pytest.mark.proves("AUDIT-ADMIN-QUERIES")
def test_list_page_costs_the_same_number_of_queries_for_one_row_as_for_many(
    admin_client: Client, asked: Ask
) -> None:
    costs = []
    for more in (1, 30):
        for number in range(more):
            user = ensure_analyst(username=f"analyst{more}x{number}")
            token = issue_token(user=user, label="laptop").token
            open_query(asked(user_id=user.pk, token_id=token.pk))
        with CaptureQueriesContext(connection) as captured:
            page(admin_client, LIST)
        costs.append(len(captured))
    assert costs[0] == costs[1]
    assert costs[0] < 10
