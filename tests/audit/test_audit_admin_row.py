"""The page of one query, and those of events, seals and objects."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.admin import showing
from audit.admin.words import REASONS, TOOLS, explained
from audit.events import record_event
from audit.models import CatalogObject, Event, EventKind, Outcome, QueryLog, Seal, TouchedObject
from audit.services import Answered, Asked, close_query, open_query
from audit.triggers import drop_triggers
from tests.audit.pages import ids_in, signed_in

Ask = Callable[..., Asked]


@pytest.fixture
def client(otto: User) -> Client:
    """The auditor's browser."""
    return signed_in(otto)


def shown(client: Client, query_id: int) -> str:
    """Return the page of that query."""
    answer = client.get(reverse("admin:audit_querylog_change", args=[query_id]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.proves("AUDIT-ROW-PAGE")
def test_sql_is_laid_out_coloured_and_there_as_it_was_sent(client: Client, asked: Ask) -> None:
    sql = "select a,b from reporting.v_trips where x='it''s'"
    text = shown(client, open_query(asked(sql=sql)))
    assert '<span class="k">from</span>' in text
    assert re.search(r'<pre id="original-sql"[^>]*>' + sql.replace("'", "&#x27;"), text)
    assert 'data-copy="original-sql"' in text
    assert "style=" not in text


@pytest.mark.proves("AUDIT-ROW-PAGE")
def test_page_says_how_it_ended_with_what_limits_and_where_the_time_went(
    client: Client, asked: Ask
) -> None:
    query_id = open_query(asked(limits='{"policy": "strict", "max_rows": 10000}'))
    QueryLog.objects.filter(pk=query_id).update(
        outcome="refused", reason="not_select", waited_ms=250, database_ms=500, duration_ms=1000
    )
    text = shown(client, query_id)
    assert "It was no SELECT" in text
    assert "strict" in text
    assert "10,000" in text
    assert re.findall(r'<rect class="timing-(\w+)" x="([\d.]+)" y="0" width="([\d.]+)"', text) == [
        ("waited", "0.0", "150.0"),
        ("database", "150.0", "300.0"),
        ("rest", "450.0", "150.0"),
    ]
    assert "Not sealed yet" in text


@pytest.mark.proves("AUDIT-ROW-PAGE")
def test_running_row_and_row_without_times_have_a_page(client: Client, asked: Ask) -> None:
    query_id = open_query(asked(sql="", arguments="no json", limits="[1"))
    assert "nothing to draw" in shown(client, query_id)
    close_query(query_id, asked(), Answered(rows=3, bytes=2048, truncated=True, duration_ms=40))
    text = shown(client, query_id)
    assert "Call: 40 ms" in text or "Server: 40 ms" in text
    assert "cut at a limit" in text


@pytest.mark.proves("AUDIT-ROW-PAGE")
def test_objects_stand_by_table_and_lead_to_who_else_read_them(client: Client, asked: Ask) -> None:
    query_id = open_query(asked())
    table = {"schema": "tracksolid", "name": "drivers"}
    for kind, column, direct in (("table", "", True), ("column", "phone", False)):
        made = CatalogObject.objects.create(kind=kind, column=column, **table)
        TouchedObject.objects.create(query_id=query_id, object=made, direct=direct)
    text = shown(client, query_id)
    for name in ("tracksolid.drivers", "tracksolid.drivers.phone"):
        assert f'href="/admin/audit/querylog/?object={name}"' in text
    assert "(through a view)" in text


@pytest.mark.proves("AUDIT-ROW-PAGE")
def test_related_rows_are_the_same_statement_and_the_persons_before_and_after(
    client: Client, asked: Ask
) -> None:
    ids = [open_query(asked()) for _ in range(14)]
    QueryLog.objects.filter(pk__in=[ids[0], ids[6]]).update(fingerprint="beef")
    text = shown(client, ids[6])
    assert ids_in(text) == [ids[0], *ids[11:6:-1], *ids[5:0:-1]]
    assert "?fingerprint=beef" in text


@pytest.mark.proves("AUDIT-ROW-PAGE")
def test_sealed_row_names_its_seal(client: Client, asked: Ask) -> None:
    query_id = open_query(asked())
    made = seal(first=query_id, last=query_id)
    assert reverse("admin:audit_seal_change", args=[made.pk]) in shown(client, query_id)
    assert "Not sealed yet" in shown(client, open_query(asked()))


@pytest.mark.proves("AUDIT-HIDDEN-CHARACTERS")
def test_characters_that_hide_text_are_shown_as_codes_everywhere(
    client: Client, asked: Ask
) -> None:
    hidden = "SELECT 'a\u202eb\u200b\x1b[2J\u2066' --\U000e0041"
    query_id = open_query(asked(sql=hidden, tool=hidden, client=hidden, request_id=hidden))
    listing = client.get(reverse("admin:audit_querylog_changelist")).content.decode()
    running = client.get(reverse("admin:audit_running")).content.decode()
    for text in (shown(client, query_id), listing, running):
        for character in "\u202e\u200b\x1b\u2066\U000e0041":
            assert character not in text
        assert "U+202E" in text
    assert "can't be seen" in " ".join(shown(client, query_id).split())


@pytest.mark.proves("AUDIT-HIDDEN-CHARACTERS")
@pytest.mark.parametrize("piece", ["(", "a,", "<b>", "/*", "$a$", "CASE WHEN a THEN ", "\n", "'"])
def test_longest_sql_arrives_whole_and_escaped(client: Client, asked: Ask, piece: str) -> None:
    sql = "SELECT " + (piece * 60_000)[:60_000]
    text = shown(client, open_query(asked(sql=sql)))
    assert "<b>" not in text.partition("<main")[2].partition("</main")[0].replace("<br>", "")
    start = text.index('id="original-sql"')
    original = text[text.index(">", start) + 1 : text.index("</pre>", start)]
    assert html.unescape(original) == sql


@pytest.mark.proves("AUDIT-HIDDEN-CHARACTERS")
def test_name_that_turns_text_around_is_a_code_on_the_rows_and_the_events_page(
    client: Client, asked: Ask, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(username="mal\u202elory")
    first, _ = open_query(asked()), open_query(asked())
    event = Event.objects.create(kind="signed_in", actor_name="x\u202e", subject=alice, summary="x")
    assert "\u202e" not in shown(client, first)
    address = reverse("admin:audit_event_change", args=[event.pk])
    listed = client.get(reverse("admin:audit_event_changelist")).content.decode()
    for text in (client.get(address).content.decode(), listed.split("result_list")[1]):
        assert "\u202e" not in text
        assert "U+202E" in text


@pytest.mark.proves("AUDIT-HIDDEN-CHARACTERS")
def test_layout_changes_white_space_and_nothing_else() -> None:
    sql = "select a, 'x  y', \"B c\" from t where a in (1,2) -- end\nand b = $$z$$ order by 1"
    assert "".join(showing.laid_out(sql).split()) == "".join(sql.split())
    assert "'x  y'" in showing.laid_out(sql)


@pytest.mark.proves("AUDIT-WORDS")
def test_every_code_of_the_engine_is_explained_and_every_tool_can_be_chosen() -> None:
    from fleetmcp.analytics.errors import Code
    from fleetmcp.mcp.tools import app

    assert {code.value for code in Code} <= set(REASONS)
    assert {tool.name for tool in app._tool_manager.list_tools()} == set(TOOLS)
    assert all(explained(outcome, "") for outcome in Outcome)


@pytest.mark.proves("AUDIT-NAME-THEN")
def test_history_names_people_as_then_and_marks_who_is_named_otherwise_now(
    client: Client, asked: Ask, alice: User
) -> None:
    open_query(asked())
    address = reverse("admin:audit_querylog_changelist")
    person = r'class="field-person">([^<]*)<'
    assert re.findall(person, client.get(address).content.decode()) == ["alice"]
    alice.username = "mallory"
    alice.save()
    text = client.get(address).content.decode()
    assert re.findall(person, text) == ["alice (now mallory)"]


def seal(first: int, last: int) -> Seal:
    """Return a seal over these queries, with digests of nothing."""
    return Seal.objects.create(
        number=1, first_query=first, last_query=last, first_event=1, last_event=0,
        queries=last - first + 1, events=0, leaves=b"", content="c" * 64, previous="0" * 64,
        digest="d" * 64,
    )  # fmt: skip


@pytest.mark.proves("AUDIT-EVENT-PAGES")
def test_events_are_found_by_kind_person_period_and_words(
    client: Client, otto: User, alice: User
) -> None:
    record_event(EventKind.PAUSED, "sue paused <b>the</b> server\u202e", details={"why": "<i>"})
    record_event(EventKind.REVIEWED, "alice was reviewed", subject=alice)
    address = reverse("admin:audit_event_changelist")

    def found(**words: str) -> tuple[bool, bool]:
        text = client.get(address, words).content.decode()
        assert "<b>" not in text
        assert "\u202e" not in text
        return "&lt;b&gt;the" in text, "alice was reviewed" in text

    assert found() == (True, True)
    assert found(kind="paused") == (True, False)
    assert found(person=str(alice.pk)) == (False, True)
    assert found(q="REVIEWED", period="today") == (False, True)
    assert found(kind="nonsense") == (False, False)


@pytest.mark.proves("AUDIT-EVENT-PAGES")
def test_nobody_changes_events_seals_or_objects(admin_client: Client) -> None:
    drop_triggers(using="default")
    event = record_event(EventKind.PAUSED, "paused", details={"why": "<i>"})
    made = seal(1, 1)
    known = CatalogObject.objects.create(kind="table", schema="s", name="t")
    for name, pk in (("event", event.pk), ("seal", made.pk), ("catalogobject", known.pk)):
        assert admin_client.get(reverse(f"admin:audit_{name}_add")).status_code == 403
        delete = reverse(f"admin:audit_{name}_delete", args=[pk])
        assert admin_client.post(delete, {"post": "yes"}).status_code == 403
        change = reverse(f"admin:audit_{name}_change", args=[pk])
        assert admin_client.post(change, {"summary": "x"}).status_code in (403, 404)
        history = reverse(f"admin:audit_{name}_history", args=[pk])
        assert admin_client.get(history).status_code == 404


@pytest.mark.proves("AUDIT-EVENT-PAGES")
def test_event_and_seal_pages_show_the_whole(client: Client) -> None:
    event = record_event(EventKind.PAUSED, "paused \u202e", details={"why": "<i>"})
    text = client.get(reverse("admin:audit_event_change", args=[event.pk])).content.decode()
    assert "&lt;i&gt;" in text
    assert "U+202E" in text
    assert "\u202e" not in text
    text = client.get(reverse("admin:audit_seal_change", args=[seal(1, 5).pk])).content.decode()
    assert "d" * 64 in text
    assert "verify_audit" in text
    assert 'data-copy="seal-digest"' in text
    assert "1 to 5 (5)" in text


@pytest.mark.proves("AUDIT-EVENT-PAGES")
def test_objects_ever_read_are_searched_by_name_and_lead_to_their_queries(
    client: Client, asked: Ask
) -> None:
    known = [
        CatalogObject.objects.create(kind="column", schema="tracksolid", name="drivers", column=c)
        for c in ("name", "phone")
    ]
    for _ in range(2):
        TouchedObject.objects.create(query_id=open_query(asked()), object=known[1])
    address = reverse("admin:audit_catalogobject_changelist")
    text = client.get(address, {"q": "drivers.ph"}).content.decode()
    assert "?object=tracksolid.drivers.phone" in text
    assert "tracksolid.drivers.name" not in text
    assert re.search(r'class="field-read_by">2<', text)
