"""What a statement touches: by a table of answers, and by the database's own word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from fleetmcp.analytics import guard, snapshot
from fleetmcp.analytics.errors import Code
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.judging import judge
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.touched import Facts, Touch, reads, tables_only, touched
from fleetmcp.analytics.touched.naming import MOST
from scripts.demo_db import LocalDatabase
from tests import servers
from tests.database import execute
from tests.engine.oracle import oracle
from tests.guard.cases import ACCEPTED_CASES

FILES = Path(__file__).parent / "touched"
OPEN = "information_schema"  # open to everybody, so no right to it can be missed
Known = tuple[Policy, Facts]


def cases(file: str) -> list[tuple[str, set[str]]]:
    """Return each statement with the names of the objects, ``name()`` being a function."""
    lines = (FILES / file).read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" =>") for line in lines)
    return [(sql, set(names.split())) for sql, names in pairs]


# Statements on the lab, with what each reads by its own words, and what stands behind them.
DIRECT, BEHIND = cases("direct.txt"), cases("behind.txt")


@pytest.fixture(scope="module")
def lab(fleet: LocalDatabase) -> Iterator[None]:
    execute(fleet.superuser_dsn, (FILES / "lab.sql").read_text(encoding="utf-8"))
    yield
    execute(fleet.superuser_dsn, "DROP SCHEMA lab CASCADE")


@pytest.fixture
def known(lab: None, engine: LocalDatabase, settings: Settings) -> Known:
    """The policy and the facts of the database with the lab, in which bare names are looked up."""
    settings.ANALYTICS_SCHEMAS = ["lab", *settings.ANALYTICS_SCHEMAS]
    return snapshot.current_policy(Ticket("alice", "1")), snapshot.kept_facts()


def directly(sql: str, known: Known) -> set[Touch]:
    """Return what the statement itself reads, looked at closely."""
    policy, facts = known
    tree = guard_executor().submit(guard.check, sql, policy).result().tree
    return set(guard_executor().submit(reads.closely, tree, facts, policy.search_path).result())


def everything(sql: str, known: Known) -> set[Touch]:
    """Return all that the statement touches."""
    policy, facts = known
    tree = guard_executor().submit(guard.check, sql, policy).result().tree
    return set(guard_executor().submit(touched, tree, facts, policy.search_path).result())


def told(touches: Iterable[Touch]) -> set[str]:
    """Return the names of objects as the tables of cases write them."""
    return {_told(touch) for touch in touches}


def _told(touch: Touch) -> str:
    schema = "" if touch.schema in ("lab", "public") else f"{touch.schema}."
    column = f".{touch.column}" if touch.column else ""
    call = "()" if touch.kind == "function" else ""
    return f"{schema}{touch.name}{column}{call}".replace(" ", "_")


def run_as_caller(direct: set[Touch], facts: Facts) -> set[Touch]:
    """Return what the role itself must be able to read: functions run with the caller's rights."""
    needed, waiting = set(direct), list(direct)
    while waiting:
        touch = waiting.pop()
        if touch.kind == "function":
            new = set(facts.bodies.get((touch.schema, touch.name), ())) - needed
            needed |= new
            waiting.extend(new)
    return needed


@pytest.mark.proves("TOUCHED-DIRECT")
def test_statement_touches_exactly_the_objects_that_it_names(known: Known) -> None:
    wrong = {
        sql: sorted(told(directly(sql, known)) ^ names)
        for sql, names in DIRECT
        if told(directly(sql, known)) != names
    }
    assert wrong == {}
    assert len(DIRECT) >= 90


@pytest.mark.proves("TOUCHED-BEHIND")
def test_views_functions_and_partitions_are_followed_to_what_they_read(known: Known) -> None:
    found = {sql: {t for t in everything(sql, known) if not t.direct} for sql, _ in BEHIND}
    wrong = {
        sql: sorted(told(found[sql]) ^ names) for sql, names in BEHIND if told(found[sql]) != names
    }
    assert wrong == {}


@pytest.mark.proves("TOUCHED-DATABASE-AGREES")
@pytest.mark.timeout(300)
def test_role_with_rights_to_just_the_touched_columns_can_run_what_the_guard_accepts(
    known: Known, fleet: LocalDatabase
) -> None:
    policy, facts = known
    server = servers.wheel(fleet)
    applying = [c.sql for c in ACCEPTED_CASES if c.applies(server.major, server.extensions)]
    missed, needless = {}, {}
    with oracle(fleet.superuser_dsn, policy.search_path, policy.schemas) as database:
        for sql in [*applying, *(sql for sql, _ in DIRECT if "XMLTABLE" not in sql)]:
            direct = directly(sql, known)
            needed = run_as_caller(direct, facts)
            text = guard_executor().submit(guard.check, sql, policy).result().text
            if refused := database.refuses(text, needed):
                missed[sql] = refused
            elif too_much := database.needless(text, needed, direct):
                needless[sql] = told(t for t in too_much if t.schema != OPEN)
    assert missed == {}
    assert {sql: names for sql, names in needless.items() if names} == {}
    assert len(applying) >= 300


@pytest.mark.proves("TOUCHED-UNUSED-STEP")
def test_step_of_with_that_nobody_uses_counts_as_read(known: Known) -> None:
    found = directly("WITH q AS (SELECT phone FROM people) SELECT 1", known)
    assert told(found) == {"people", "people.phone"}


@pytest.mark.proves("TOUCHED-LARGE")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + ", ".join(["p.name"] * (MOST + 1)) + " FROM people p",
        "SELECT 1 FROM people" + "".join(f", people p{i}" for i in range(2 * MOST // 30)),
        "SELECT * FROM people a" + "".join(f" NATURAL JOIN people p{i}" for i in range(150)),
        "WITH q AS (SELECT * FROM people) SELECT 1"
        + "".join(f", (SELECT max(q{i}.id) FROM q q{i})" for i in range(900)),
    ],
    ids=["columns", "tables", "joins", "subqueries"],
)
def test_statement_too_large_to_be_looked_at_touches_whole_tables(sql: str, known: Known) -> None:
    found = everything(sql, known)
    columns = {"id", "name", "phone", "city", "boss", "loud"}
    assert {t.column for t in found if t.name == "people"} == {"", *columns}


@pytest.mark.proves("TOUCHED-LARGE")
def test_rough_look_finds_all_that_a_close_one_does(known: Known) -> None:
    policy, facts = known
    for sql, _ in DIRECT:
        tree = guard_executor().submit(guard.check, sql, policy).result().tree
        rough = set(reads.roughly(tree, facts, policy.search_path))
        close = {t for t in directly(sql, known) if t.column not in ("ctid", "tableoid")}
        assert close <= rough, sql


@pytest.mark.proves("TOUCHED-EXPLAIN")
def test_tables_only_leaves_columns_and_functions_out(known: Known) -> None:
    found = tables_only(everything("SELECT phone_of(id) FROM named", known))
    assert told(found) == {"named", "people"}


@pytest.mark.proves("FINGERPRINT")
@given(number=st.integers(0, 10**9), space=st.sampled_from([" ", "\n", "\t", " /* x */ "]))
def test_fingerprint_is_the_same_whatever_constants_and_layout(number: int, space: str) -> None:
    policy, facts = Policy((), (), frozenset(), {}, frozenset()), Facts({}, {})
    sql = f"SELECT{space}{number}{space}AS n"
    found, same = (
        guard_executor().submit(judge, text, policy, facts).result().fingerprint
        for text in (sql, "SELECT 1 AS n")
    )
    assert found == same
    assert len(found) == 16


@pytest.mark.proves("FINGERPRINT")
def test_refused_statement_has_a_fingerprint_if_it_can_be_parsed(known: Known) -> None:
    def judged(sql: object) -> tuple[bool, Code | None]:
        found = guard_executor().submit(judge, sql, *known).result()
        return bool(found.fingerprint), found.refused.code if found.refused else None

    assert judged("DELETE FROM people") == (True, Code.NOT_SELECT)
    assert judged("SELECT 1; SELECT 2") == (True, Code.SEVERAL_STATEMENTS)
    assert judged("SELEC 1") == (False, Code.SYNTAX)
    assert judged("SELECT " + "(" * 30_000) == (False, Code.TOO_COMPLEX)
    assert judged(5) == (False, Code.NOT_TEXT)


@pytest.mark.proves("TOUCHED-FRESH")
def test_facts_stay_the_same_object_until_the_catalog_changes(
    known: Known, fleet: LocalDatabase
) -> None:
    before = snapshot.kept_facts()
    snapshot.current_policy(Ticket("alice", "2"), newer_than=0)
    assert snapshot.kept_facts() is before
    execute(fleet.superuser_dsn, "ALTER TABLE lab.cars ADD COLUMN colour text")
    try:
        snapshot.current_policy(Ticket("alice", "3"), newer_than=0)
        found = directly("SELECT colour FROM cars", (known[0], snapshot.kept_facts()))
    finally:
        execute(fleet.superuser_dsn, "ALTER TABLE lab.cars DROP COLUMN colour")
    assert told(found) == {"cars", "cars.colour"}
