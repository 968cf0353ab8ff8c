"""Exports: who may, what is in them, and that they are on record."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterator
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError
from django.test import AsyncClient
from django.urls import reverse

from accounts.models import User
from audit.admin.export import Download
from audit.canonical import canonical
from audit.export import services
from audit.export.formats import cell
from audit.models import Event, EventKind, QueryLog
from tests.audit.exporting import EVENTS, EXPORT, download
from tests.audit.history import ask, days_ago
from tests.audit.pages import signed_in


@pytest.mark.proves("EXPORT-RIGHTS")
def test_export_is_for_those_with_the_right_to_it(
    alice: User, tess: User, otto: User, sue: User, ivan: User
) -> None:
    ask(alice, days_ago(1))
    for name in (EXPORT, EVENTS):
        for person, code in ((tess, 403), (otto, 200), (sue, 200), (ivan, 302), (alice, 302)):
            client = signed_in(person)
            assert client.get(reverse(name)).status_code == code, person
            answer = client.post(reverse(name), {"format": "csv"})
            assert answer.status_code == code, person
            assert ("Content-Disposition" in answer) == (code == 200)


@pytest.mark.proves("EXPORT-RIGHTS")
def test_lead_who_is_given_the_right_exports_their_team_alone(
    alice: User, bob: User, tess: User
) -> None:
    hers = ask(alice, days_ago(1), sql="SELECT 'hers'")
    ask(bob, days_ago(1), sql="SELECT 'his'")
    tess.user_permissions.add(Permission.objects.get(codename="export_querylog"))
    lines = download(signed_in(tess), "jsonl").splitlines()
    assert [json.loads(line).get("id") for line in lines] == [hers, None]


@pytest.mark.proves("EXPORT-FILTER")
def test_export_holds_what_the_lists_filter_shows(alice: User, bob: User, otto: User) -> None:
    ask(alice, days_ago(1), sql="SELECT 1")
    second = ask(alice, days_ago(1), sql="SELECT plate FROM reporting.v_trips", rows=70)
    ask(bob, days_ago(1), sql="SELECT plate FROM reporting.v_trips", rows=70)
    query = f"user={alice.pk}&large=50&q=v_trips"
    page = signed_in(otto).get(f"{reverse(EXPORT)}?{query}").content.decode()
    assert "<strong>1</strong> rows match" in page
    assert f"?{query.replace('&', '&amp;')}" in page
    rows = list(csv.DictReader(StringIO(download(signed_in(otto), "csv", query=query).decode())))
    assert [row["id"] for row in rows[:-1]] == [str(second)]
    assert rows[0]["username"] == "alice"


@pytest.mark.proves("EXPORT-FILTER")
@pytest.mark.parametrize(
    ("listed", "words"), [("querylog", "outcome=ok"), ("event", "kind=token_issued")]
)
def test_each_list_leads_to_the_export_of_what_it_shows(
    alice: User, tess: User, otto: User, listed: str, words: str
) -> None:
    ask(alice, days_ago(1))
    address = f"{reverse(f'admin:audit_{listed}_changelist')}?{words}"
    name = EXPORT if listed == "querylog" else EVENTS
    assert f'href="{reverse(name)}?{words}"' in signed_in(otto).get(address).content.decode()
    assert "export/" not in signed_in(tess).get(address).content.decode()
    wanted = json.loads(download(signed_in(otto), "jsonl", name, words).splitlines()[0])
    assert words.partition("=")[2] in (wanted.get("outcome"), wanted.get("kind"))


@pytest.mark.proves("EXPORT-COMPLETE")
def test_last_line_says_that_the_file_is_complete(alice: User, otto: User) -> None:
    for _ in range(3):
        ask(alice, days_ago(1))
    lines = download(signed_in(otto), "csv").splitlines(keepends=True)
    digest = sha256(b"".join(lines[:-1])).hexdigest()
    assert lines[-1].decode().strip() == (
        f"# complete: 3 rows; SHA-256 of the lines before: {digest}"
    )
    lines = download(signed_in(otto), "jsonl").splitlines(keepends=True)
    digest = sha256(b"".join(lines[:-1])).hexdigest()
    assert json.loads(lines[-1]) == {"complete": {"rows": 3, "sha256": digest}}


@pytest.mark.proves("EXPORT-COMPLETE")
def test_json_lines_hold_each_row_as_it_is_sealed(alice: User, otto: User) -> None:
    query = ask(alice, days_ago(1), sql="SELECT '\x07 \u2028 é'")
    line = download(signed_in(otto), "jsonl").splitlines()[0]
    assert canonical(json.loads(line)) == line
    assert json.loads(line)["sql"] == QueryLog.objects.get(pk=query).sql


@pytest.mark.proves("EXPORT-FORMULA")
@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", " =", "\n=", "\xa0=", "\uff1d", "\u3000\uff20"]
)
def test_no_cell_runs_as_a_formula(sign: str, alice: User, otto: User) -> None:
    ask(alice, days_ago(1), sql=f'{sign}cmd|" /C calc"!A0')
    text = download(signed_in(otto), "csv").decode()
    [row] = list(csv.DictReader(StringIO(text, newline="")))[:-1]
    assert row["sql"] == f'\'{sign}cmd|" /C calc"!A0'


@pytest.mark.proves("EXPORT-FORMULA")
def test_cells_stay_readable_text() -> None:
    assert cell("a\x00b\x1b\x7f\tc\r\nd") == "a\\x00b\\x1b\\x7f\tc\r\nd"
    assert cell("-- a comment first") == "'-- a comment first"
    assert cell(-5) == "-5"
    assert cell(None) == ""
    assert cell([["column", "s", "t", "c", True], ["table", "s", "t", "", True]]) == "s.t.c s.t"


@pytest.mark.proves("EXPORT-RECORDED")
@pytest.mark.parametrize("wanted", ["csv", "jsonl", "evidence"])
def test_export_is_an_event_with_filter_format_and_rows(
    wanted: str, alice: User, otto: User
) -> None:
    ask(alice, days_ago(1))
    download(signed_in(otto), wanted, query=f"user={alice.pk}")
    event = Event.objects.get(kind=EventKind.EXPORTED)
    assert (event.actor, event.ip) == (otto, "127.0.0.1")
    assert json.loads(event.details) == {
        "format": wanted,
        "filter": f"user={alice.pk}",
        "queries": 1,
        "events": 0,
    }


@pytest.mark.proves("EXPORT-RECORDED")
def test_nothing_is_handed_out_that_can_not_be_recorded(
    alice: User, otto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise DatabaseError("full")

    ask(alice, days_ago(1), sql="SELECT 'secret'")
    monkeypatch.setattr(services, "record_event", refuse)
    client = signed_in(otto)
    client.raise_request_exception = False
    answer = client.post(reverse(EXPORT), {"format": "csv"})
    assert answer.status_code == 500
    assert b"secret" not in answer.content


@pytest.mark.proves("EXPORT-RECORDED")
def test_looking_at_the_page_or_choosing_no_format_exports_nothing(alice: User, otto: User) -> None:
    ask(alice, days_ago(1))
    client = signed_in(otto)
    client.get(reverse(EXPORT))
    for format_ in ("", "xlsx"):
        answer = client.post(reverse(EXPORT), {"format": format_})
        assert "Content-Disposition" not in answer
    assert not Event.objects.filter(kind=EventKind.EXPORTED).exists()


@pytest.mark.proves("EXPORT-STREAM")
@pytest.mark.django_db(transaction=True)
def test_download_begins_before_it_is_made(alice: User, otto: User) -> None:
    made = 0

    def pieces() -> Iterator[bytes]:
        nonlocal made
        for _ in range(3):
            made += 1
            yield b"piece"

    async def first() -> bytes:
        async for piece in Download(pieces()):
            return piece
        return b""

    assert asyncio.run(first()) == b"piece"
    assert made == 1


@pytest.mark.proves("EXPORT-STREAM")
@pytest.mark.django_db(transaction=True)
def test_server_under_asgi_sends_the_same_file(alice: User, otto: User) -> None:
    query = ask(alice, days_ago(1))

    async def download_it() -> list[bytes]:
        client = AsyncClient()
        await client.aforce_login(otto)
        answer: Any = await client.post(reverse(EXPORT), {"format": "jsonl"})
        return [piece async for piece in answer]

    [line, end] = b"".join(asyncio.run(download_it())).splitlines()
    assert json.loads(line)["id"] == query
    assert json.loads(end)["complete"]["rows"] == 1


@pytest.mark.proves("EXPORT-ESCAPED")
def test_hostile_filter_arrives_escaped(alice: User, otto: User) -> None:
    page = signed_in(otto).get(reverse(EXPORT), {"q": "<script>alert(1)</script>"})
    assert b"<script>alert" not in page.content
    assert b"&lt;script&gt;alert(1)" in page.content


# --- Evidence -------------------------------------------------------------------------------


# --- The command ----------------------------------------------------------------------------
