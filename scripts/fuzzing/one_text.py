"""One text for the guard, of bytes that nobody has looked at; any exception is a finding."""

from __future__ import annotations

from pathlib import Path

from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import FunctionRow, build_policy
from fleetmcp.analytics.judging import judge
from fleetmcp.analytics.touched import Facts
from tests.guard.cases import ACCEPTED_CASES, REFUSED_CASES

POLICY = build_policy(
    schemas=["tracksolid", "reporting"],
    search_path=["tracksolid", "reporting", "public"],
    relations=[("tracksolid", "devices"), ("tracksolid", "trips"), ("reporting", "v_daily")],
    functions=[
        *(FunctionRow("pg_catalog", name, "", True, True) for name in "lower count now".split()),
        FunctionRow("pg_catalog", "pg_sleep", "", False, True),
    ],
)
FACTS = Facts({}, {})


def judged(raw: bytes) -> None:
    """Judge the bytes as text; undecodable ones become lone surrogates."""
    text = raw.decode("utf-8", "surrogateescape")
    guard_executor().submit(judge, text, POLICY, FACTS).result()


def write_rows(folder: Path) -> None:
    """Write each row of the guard's table to a file of its own."""
    for number, case in enumerate([*ACCEPTED_CASES, *REFUSED_CASES]):
        (folder / str(number)).write_bytes(case.sql.encode("utf-8", "surrogatepass"))
