"""The threads that write the record: what shares a commit, and what a failure of one does."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.audit.test_usage_together import (  # noqa: F401  # fixtures
    finished,
    postgresql,
    prepare,
    sqlite,
    start,
)

TOGETHER = "tests.mcp.writing_together"


@pytest.mark.proves("RECORDS-TOGETHER", "RECORDS-WITHDRAWN")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_writes_that_wait_share_a_commit_and_not_their_failures(
    kind: str, request: pytest.FixtureRequest
) -> None:
    app = request.getfixturevalue(kind)
    prepare(app)
    seen = json.loads(finished(start(app, "-m", TOGETHER)).splitlines()[-1])
    assert seen["alone"] is False
    assert seen["together"] == [kind == "sqlite"] * 9
    assert (seen["stored"], seen["rows"], seen["closed_before"]) == (9, 9, "AlreadyClosed")
    assert (seen["refused"][0], seen["refused"][2]) == ("tuple", "tuple")
    assert seen["refused"][1] in ("OperationalError", "ProgrammingError")
    # What the database refused was done alone after all, so its own row stands outside of that.
    assert seen["rows_in_the_end"] == 12
    assert seen["tries"] == (2 if kind == "sqlite" else 1)
    assert Counter(line.split(":")[0] for line in seen["after"]) == {
        "opening": 11,
        "closed_before": 1,
        "refused_by_the_database": 1,
    }
    assert seen["withdrawn"] == ["the app database did not answer in time", "late"]
