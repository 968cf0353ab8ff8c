"""What queries touched, as an auditor asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import CatalogObject, Outcome, QueryLog, TouchedObject
from audit.services import AlreadyClosed, Answered, Asked, close_query, open_query
from audit.touched import Touch, forget_objects, near_names, object_ids, who_read

Ask = Callable[..., Asked]
PHONE = Touch("column", "tracksolid", "drivers", "phone")
DRIVERS = Touch("table", "tracksolid", "drivers")
TRACK = Touch("function", "reporting", "fn_vehicle_track")


@pytest.fixture(autouse=True)
def _strangers() -> Iterator[None]:
    """Keep ids of objects that are rolled back from other tests."""
    yield
    forget_objects()


def closed(asked: Asked, *touches: Touch, outcome: Outcome = Outcome.OK) -> int:
    """Return the id of a query that touched these and ended."""
    query_id = open_query(asked)
    close_query(query_id, asked, Answered(outcome=outcome, touched=touches, fingerprint="f" * 16))
    return query_id


def touched_by(query_id: int) -> dict[str, bool]:
    rows = TouchedObject.objects.filter(query=query_id).select_related("object")
    return {str(row.object): row.direct for row in rows}


def asked_who(*words: str) -> str:
    """Return what the command prints."""
    out = StringIO()
    call_command("who_read", *words, stdout=out)
    return out.getvalue()


@pytest.mark.proves("TOUCHED-RECORDED")
def test_closed_row_says_what_it_touched_and_how_long_it_waited(asked: Ask) -> None:
    query_id = open_query(asked())
    through = Touch("table", "tracksolid", "trips", direct=False)
    answered = Answered(
        touched=(PHONE, through, TRACK), fingerprint="0123456789abcdef", waited_ms=3, database_ms=9
    )
    close_query(query_id, asked(), answered)
    row = QueryLog.objects.get(pk=query_id)
    assert (row.fingerprint, row.waited_ms, row.database_ms) == ("0123456789abcdef", 3, 9)
    assert touched_by(query_id) == {
        "tracksolid.drivers": True,
        "tracksolid.drivers.phone": True,
        "tracksolid.trips": False,
        "reporting.fn_vehicle_track": True,
    }


@pytest.mark.proves("TOUCHED-RECORDED")
def test_object_that_was_read_both_ways_counts_once_as_direct(asked: Ask) -> None:
    query_id = closed(asked(), Touch(*_identity(PHONE), direct=False), PHONE)
    assert touched_by(query_id) == {"tracksolid.drivers": True, "tracksolid.drivers.phone": True}


@pytest.mark.proves("TOUCHED-RECORDED")
def test_row_that_is_closed_already_keeps_what_it_touched(asked: Ask) -> None:
    query_id = closed(asked(), DRIVERS)
    with pytest.raises(AlreadyClosed):
        close_query(query_id, asked(), Answered(touched=(PHONE, TRACK)))
    assert touched_by(query_id) == {"tracksolid.drivers": True}


@pytest.mark.proves("TOUCHED-TOGETHER")
def test_object_that_another_process_made_meanwhile_is_used(asked: Ask) -> None:
    made = CatalogObject.objects.create(kind="table", schema="tracksolid", name="drivers")
    assert set(object_ids([DRIVERS]).values()) == {made.pk}
    closed(asked(), DRIVERS)
    assert CatalogObject.objects.count() == 1


@pytest.mark.proves("TOUCHED-TOGETHER")
def test_committed_objects_cost_no_query_any_more(
    asked: Ask, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        closed(asked(), PHONE, DRIVERS)
    with CaptureQueriesContext(connection) as queries:
        object_ids([PHONE, DRIVERS])
    assert len(queries) == 0


@pytest.mark.proves("TOUCHED-RECORDED")
def test_thousands_of_objects_are_written(asked: Ask) -> None:
    many = [Touch("column", "reporting", f"t{i % 40}", f"c{i}") for i in range(3_000)]
    query_id = closed(asked(), *many)
    assert TouchedObject.objects.filter(query=query_id).count() == 3_040


@pytest.mark.proves("TOUCHED-WHO")
def test_who_read_lists_each_query_once_newest_first(asked: Ask) -> None:
    first = closed(asked(), PHONE)
    closed(asked(), Touch("column", "tracksolid", "drivers", "city"))
    last = closed(asked(), Touch(*_identity(PHONE), direct=False))
    rows = who_read("tracksolid", "drivers", "phone")
    assert [(row.pk, vars(row)["direct"]) for row in rows] == [(last, False), (first, True)]
    assert who_read("tracksolid", "drivers").count() == 3
    assert not who_read("tracksolid", "vehicles").exists()


@pytest.mark.proves("TOUCHED-WHO")
def test_table_and_function_of_one_name_are_both_asked(asked: Ask) -> None:
    twins = (Touch("table", "reporting", "fn_vehicle_track", direct=False), TRACK)
    query_id = closed(asked(), *twins)
    rows = who_read("reporting", "fn_vehicle_track")
    assert list(rows.values_list("pk", flat=True)) == [query_id]


@pytest.mark.proves("TOUCHED-WHO")
def test_who_read_asks_one_index_and_sorts_nothing(asked: Ask) -> None:
    closed(asked(), PHONE)
    plan = who_read("tracksolid", "drivers", "phone")[:100].explain()
    assert "touched_newest_first" in plan or connection.vendor != "sqlite"
    assert "TEMP B-TREE" not in plan


@pytest.mark.proves("TOUCHED-WHO-COMMAND")
def test_command_says_who_when_and_whether_directly(asked: Ask) -> None:
    query_id = closed(asked(), PHONE)
    closed(asked(), Touch(*_identity(PHONE), direct=False), outcome=Outcome.TIMED_OUT)
    newest, oldest = asked_who("tracksolid.drivers.phone").splitlines()
    assert oldest.endswith(f"alice  query {query_id}  query  directly")
    assert newest.endswith("query (timed_out)  through a view or function")
    assert len(asked_who("tracksolid.drivers", "--limit", "1").splitlines()) == 1


@pytest.mark.proves("TOUCHED-WHO-COMMAND")
def test_command_prints_json(asked: Ask) -> None:
    query_id = closed(asked(), PHONE)
    [told] = json.loads(asked_who("tracksolid.drivers.phone", "--json", "--since", "2026-01-01"))
    assert (told["query"], told["person"], told["direct"]) == (query_id, "alice", True)


@pytest.mark.proves("TOUCHED-WHO-COMMAND")
def test_command_says_that_nobody_read_it_and_suggests_near_names(asked: Ask) -> None:
    closed(asked(), PHONE)
    assert "Nobody read tracksolid.drivers.phone in that time." in asked_who(
        "tracksolid.drivers.phone", "--since", "2999-01-01"
    )
    told = asked_who("tracksolid.drivers.fone")
    assert "Nobody ever read tracksolid.drivers.fone" in told
    assert "Did you mean tracksolid.drivers.phone?" in told
    assert "Did you mean tracksolid.drivers?" in asked_who("tracksolid.driver")
    assert near_names("nowhere", "at", "all") == []


@pytest.mark.proves("TOUCHED-WHO-COMMAND")
@pytest.mark.parametrize("name", ["drivers", "a.b.c.d", "a..b", ""])
def test_command_refuses_what_is_no_name(name: str) -> None:
    with pytest.raises(CommandError, match=r"schema\.table"):
        asked_who(name)


def _identity(touch: Touch) -> tuple[str, str, str, str]:
    return touch.kind, touch.schema, touch.name, touch.column
