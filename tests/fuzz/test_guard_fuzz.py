"""Whatever is made of a server's own words: what the guard lets through leaves nothing behind."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fleetmcp.analytics.connection import drop_connection
from fleetmcp.analytics.errors import AnalyticsError
from fleetmcp.analytics.guard.nodes import BARE, FIELDS
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.judging import Judged, judge
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.touched import Facts
from tests.database import execute
from tests.fuzz import budget
from tests.fuzz.budget import Hunt
from tests.fuzz.conftest import Ground
from tests.fuzz.grammar import Maker
from tests.fuzz.splicing import respelled, spliced
from tests.fuzz.vocabulary import Vocabulary
from tests.guard.cases import ACCEPTED_CASES, REFUSED_CASES
from tests.guard.state import State, state_of
from tests.servers import FleetServer

TICKET = Ticket("alice", "fuzz")
SHORT = replace(limits_for(50), statement_ms=200)
# CPU seconds that the guard may take for one text; the texts here are small.
MOST_SECONDS = 1.0
OPENED = frozenset({"pg_catalog", "information_schema", "_timescaledb_internal"})
_ACCEPTED = [case.sql for case in ACCEPTED_CASES]
_ROWS = [*_ACCEPTED, *(case.sql for case in REFUSED_CASES if case.sql.isprintable())]


@dataclass
class Coverage:
    """What the accepted statements were made of."""

    nodes: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    codes: Counter[str] = field(default_factory=Counter)

    def note(self, tree: Any) -> None:
        waiting = [tree]
        while waiting:
            item = waiting.pop()
            if isinstance(item, list):
                waiting += item
            elif isinstance(item, dict):
                self.nodes.update(name for name in item if name[:1].isupper())
                if "funcname" in item:
                    self.functions.add(item["funcname"][-1]["String"]["sval"])
                waiting += item.values()


def statement(words: Vocabulary, source: random.Random) -> str:
    """Return a new statement: made, put together from rows of the guard's table, or respelled."""
    kind = source.random()
    if kind < 0.2:
        text = Maker(words, source, 0).one_call()
    elif kind < 0.55:
        text = Maker(words, source, source.choice([0, 0, 0.01, 0.05])).statement()
    elif kind < 0.8:
        text = spliced(source.choice(_ACCEPTED), source.choice(_ROWS), source)
    else:
        text = source.choice(_ROWS)
    if source.random() < 0.2:
        for _ in range(source.randint(1, 2)):
            text = respelled(text, words.keywords, source)
    return text


def judged(text: str, policy: Policy, facts: Facts) -> tuple[Judged, float]:
    """Judge on the guard's own thread; return its CPU seconds too."""

    def timed() -> tuple[Judged, float]:
        before = time.thread_time()
        verdict = judge(text, policy, facts)
        return verdict, time.thread_time() - before

    return guard_executor().submit(timed).result()


def verdict(hunt: Hunt, name: str, text: str, ground: Ground) -> Judged | None:
    """Return the guard's word, after holding it to what a word must be."""
    _, policy, facts, _, _ = ground
    try:
        found, seconds = judged(text, policy, facts)
        again, _ = judged(text, policy, facts)
    except Exception as error:  # whatever it is, it is a finding
        hunt.broke("the guard raised", text, f"{type(error).__name__}: {error}", name)
        return None
    if seconds > MOST_SECONDS:
        hunt.broke("the guard is slow", text, f"{seconds:.1f} s", name)
    if (found.touched, str(found.refused)) != (again.touched, str(again.refused)):
        hunt.broke("the verdict changed", text, f"{found} {again}", name)
    refused = found.refused
    if refused and not str(refused).startswith(f"[{refused.code}] "):
        hunt.broke("the refusal has no code", text, refused, name)
    return found


def run(hunt: Hunt, name: str, found: Judged, ground: Ground) -> None:
    """Run what was accepted, with every right and as the analyst does."""
    _, policy, _, _, watched = ground
    text = found.accepted().text
    ran, traces = watched.run(text)
    hunt.figures["gave rows"] += ran
    for trace in traces:
        hunt.broke("accepted, and left a trace", text, trace, name)
    if any("ended the connection" in trace for trace in traces):
        drop_connection()
        return
    try:
        with suppress(AnalyticsError):
            run_select(found.accepted(), policy, TICKET, SHORT)
    except Exception as error:  # whatever it is, it is a finding
        hunt.broke("the engine raised", text, f"{type(error).__name__}: {error}", name)


def compare(hunt: Hunt, name: str, found: Judged, ground: Ground) -> None:
    """Hold what the statement is said to touch against the tables of its plan."""
    text = found.accepted().text
    planned = ground[4].planned(text)
    told = {(touch.schema, touch.name) for touch in found.touched if touch.kind != "function"}
    missed = {pair for pair in planned or () if pair not in told and pair[0] not in OPENED}
    if missed:
        hunt.broke("touched without being told", text, sorted(missed), name)


def compared(hunt: Hunt, server: FleetServer, before: State, last: list[str]) -> None:
    """Look at everything the server holds, after the statements that ran."""
    for line in before.differences(state_of(server)):
        hunt.broke("something changed", last, line)


@pytest.mark.proves("FUZZ-GUARD")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_what_the_guard_accepts_changes_nothing_and_leaves_nothing(ground: Ground) -> None:
    server, _, _, words, _ = ground
    hunt, covered = Hunt(f"guard {server.major}"), Coverage()
    drop_connection()
    before = state_of(server)
    last: list[str] = []
    for name, source in hunt.cases(300):
        text = statement(words, source)
        found = verdict(hunt, name, text, ground)
        hunt.figures["statements"] += 1
        if found is None or found.refused:
            covered.codes[str(found.refused.code) if found and found.refused else "raised"] += 1
            continue
        hunt.figures["accepted"] += 1
        covered.note(found.accepted().tree)
        run(hunt, name, found, ground)
        compare(hunt, name, found, ground)
        last.append(text)
        if len(last) == 2000:
            compared(hunt, server, before, last)
            last.clear()
    compared(hunt, server, before, last)
    hunt.figures |= {"node kinds": len(covered.nodes), "functions": len(covered.functions)}
    unmet = sorted(FIELDS.keys() - covered.nodes - set(BARE.values()))
    hunt.say(f"codes {dict(covered.codes)}; allowed node kinds not met {unmet}")
    assert hunt.figures["accepted"] > hunt.figures["statements"] / 4
    hunt.ended()


TRACES = {
    "SELECT nextval('fuzz_numbers')": "inside of the transaction",
    "SELECT pg_advisory_lock(1)": "advisory locks",
    "SELECT set_config('work_mem', '1MB', false)": "settings",
    "SELECT * INTO TEMP fuzz_mine FROM tracksolid.devices": "inside of the transaction",
    "SELECT * FROM tracksolid.devices LIMIT 1 FOR SHARE": "inside of the transaction",
    "SELECT pg_notify('fuzz', 'x')": "write-ahead log",
    "SELECT lo_create(0)": "inside of the transaction",
    "SELECT pg_logical_emit_message(false, 'a', 'b')": "write-ahead log",
    "SELECT txid_current()": "inside of the transaction",
    "SELECT 1; COMMIT": "left the transaction",
    "PREPARE fuzz AS SELECT 1": "prepared statements",
    "DECLARE fuzz CURSOR WITH HOLD FOR SELECT 1": "cursors",
    "LISTEN fuzz": "channels",
    "SET SESSION AUTHORIZATION analytics_ro": "nobody can look around",
    "COPY (SELECT 1) TO PROGRAM 'cat > fuzz_file'": "files",
    "SELECT dblink_connect('fuzz', format('user=%s host=%s port=%s', session_user, "
    "current_setting('unix_socket_directories'), current_setting('port')))": "backends",
    "SELECT pg_terminate_backend(pg_backend_pid())": "ended the connection",
}


@pytest.mark.proves("FUZZ-GUARD")
def test_whoever_watches_sees_each_kind_of_trace(ground: Ground) -> None:
    server, _, _, _, watched = ground
    execute(server.superuser_dsn(), "CREATE SEQUENCE fuzz_numbers")
    unseen = {}
    for sql, trace in TRACES.items():
        if "dblink" in sql and "dblink" not in server.extensions:
            continue
        traces = watched.run(sql)[1]
        if not any(trace in line for line in traces):
            unseen[sql] = traces
    execute(server.superuser_dsn(), "DROP SEQUENCE fuzz_numbers")
    assert unseen == {}
    assert watched.run("SELECT count(*) FROM tracksolid.devices") == (True, [])
