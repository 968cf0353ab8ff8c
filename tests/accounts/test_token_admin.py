"""The team lead's pages."""

from __future__ import annotations

import json
import re
from html import unescape
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.authentication import authenticate
from accounts.connecting import PLACEHOLDER
from accounts.models import AnalystToken, User
from accounts.services import IssuedToken, issue_token
from audit.models import Event
from tests.accounts.token_pages import ADD, CHANGE, LIST, issue_through_admin, revoke_through_admin

# Silent in every setting; it would repeat the digest with the statement that stores it.
DATABASE_LOG = "django.db.backends"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


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
    tess_client: Client, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    response, secret = issue_through_admin(tess_client, alice)
    token = AnalystToken.objects.get()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert not list(get_messages(response.wsgi_request))
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert len(LogEntry.objects.all()) == 1
    addresses = [reverse(LIST), reverse(CHANGE, args=[token.pk]), reverse("admin:index")]
    addresses += [reverse("admin:accounts_analysttoken_history", args=[token.pk]), reverse(ADD)]
    kept += [tess_client.get(address).content.decode() for address in addresses]
    kept += [f"{event.summary} {event.details}" for event in Event.objects.all()]
    kept += [record.getMessage() for record in caplog.records if record.name != DATABASE_LOG]
    assert Event.objects.filter(token=token, kind="token_issued").count() == 1
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
    [
        ("days", "0"),
        ("days", "3651"),
        ("label", ""),
        ("label", "a\u202eb"),
        ("user", "0"),
        ("form_id", ""),
    ],
)
def test_bad_form_issues_nothing_and_says_why(
    tess_client: Client, alice: User, field: str, value: str
) -> None:
    good = {"user": str(alice.pk), "label": "laptop", "days": "30", "form_id": str(uuid4())}
    form = {**good, field: value}
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


@pytest.mark.proves("TOKEN-ADMIN-ISSUE")
def test_page_has_the_lines_of_every_client_and_a_note_without_the_secret(
    tess_client: Client, alice: User
) -> None:
    response, secret = issue_through_admin(tess_client, alice)
    page = unescape(response.content.decode())
    note = page.partition("<textarea")[2].partition("</textarea>")[0]
    assert response.context["lines"].claude_code in page
    assert json.loads(response.context["lines"].generic)["mcpServers"]["fireside-analytics"] == {
        "type": "http",
        "url": "http://127.0.0.1:8892/mcp",
        "headers": {"Authorization": f"Bearer {secret}"},
    }
    assert response.context["lines"].generic in page
    assert "claude.ai, Claude Desktop and the mobile apps" in page
    assert "no token is needed" in note
    assert secret not in note
    assert AnalystToken.objects.get().prefix in note
    assert PLACEHOLDER in note
    copied = set(re.findall(r'data-copy="([^"]+)"', page))
    assert copied <= set(re.findall(r'id="([^"]+)"', page))
    assert len(copied) == 6


@pytest.mark.proves("TOKEN-ADMIN-TWICE")
def test_form_that_is_sent_again_issues_nothing_and_shows_nothing(
    tess_client: Client, alice: User
) -> None:
    form_id = uuid4()
    first, secret = issue_through_admin(tess_client, alice, form_id=form_id)
    again, second = issue_through_admin(tess_client, alice, form_id=form_id)
    assert (first.status_code, again.status_code, second) == (200, 409, "")
    assert "This form was sent before" in again.content.decode()
    assert secret not in again.content.decode()
    assert AnalystToken.objects.count() == 1


@pytest.mark.proves("TOKEN-ADMIN-ISSUE")
def test_issue_is_two_clicks_from_the_list_of_people(tess_client: Client, alice: User) -> None:
    people = tess_client.get(reverse("admin:accounts_user_changelist")).content.decode()
    address = f"{reverse(ADD)}?user={alice.pk}"
    assert f'href="{address}"' in people
    form = tess_client.get(address).context["form"]
    filled = {name: form[name].value() for name in form.fields}
    response = tess_client.post(address, filled)
    assert "fmcp_" in response.content.decode()
    assert AnalystToken.objects.get().user == alice


@pytest.mark.proves("TOKEN-ADMIN-REVOKE")
def test_one_token_is_revoked_from_its_own_page(tess_client: Client, issued: IssuedToken) -> None:
    address = reverse("admin:accounts_analysttoken_revoke", args=[issued.token.pk])
    assert address in tess_client.get(reverse(CHANGE, args=[issued.token.pk])).content.decode()
    assert "reason" in tess_client.get(address).content.decode()
    assert "errorlist" in tess_client.post(address, {"reason": ""}).content.decode()
    assert tess_client.post(address, {"reason": "laptop lost"}).status_code == 302
    assert authenticate(f"Bearer {issued.secret}") is None
    assert address not in tess_client.get(reverse(CHANGE, args=[issued.token.pk])).content.decode()


@pytest.mark.proves("TOKEN-ADMIN-ROTATE")
def test_lead_rotates_and_the_new_secret_is_shown_once(
    tess_client: Client, issued: IssuedToken
) -> None:
    address = reverse("admin:accounts_analysttoken_rotate", args=[issued.token.pk])
    assert address in tess_client.get(reverse(CHANGE, args=[issued.token.pk])).content.decode()
    form = {"overlap_hours": 24, "days": 30, "form_id": str(uuid4())}
    response = tess_client.post(address, form)
    page = response.content.decode()
    secret = re.findall(r"fmcp_[0-9A-Za-z]{49}", page)[0]
    assert "no-store" in response["Cache-Control"]
    assert authenticate(f"Bearer {secret}")
    assert authenticate(f"Bearer {issued.secret}")
    again = tess_client.post(address, form)
    assert (again.status_code, secret in again.content.decode()) == (409, False)
    other = tess_client.post(address, {**form, "form_id": str(uuid4())})
    assert "It was rotated before" in other.content.decode()
    assert AnalystToken.objects.count() == 2
    assert secret not in " ".join(str(e.change_message) for e in LogEntry.objects.all())


@pytest.mark.proves("TOKEN-ADMIN-LIST")
def test_list_says_when_from_where_and_how_often_a_token_was_used(
    tess_client: Client, issued: IssuedToken
) -> None:
    authenticate(f"Bearer {issued.secret}", "203.0.113.9")
    page = tess_client.get(reverse(LIST)).content.decode()
    assert "203.0.113.9" in page
    assert 'state-ok">Active<' in page
    assert 'state-warn">Never used<' not in page
