"""Three minutes of mixed load, crashes, restarts and revocations; then nothing may be amiss.

The hour is ``scripts/soak``; this is its short form, judged by what is left and not by speed.
SOAK_APP=sqlite runs it; SOAK_APP=postgresql with two replicas behind nginx, on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import nginx
from tests.live import ROOT

APP = os.environ.get("SOAK_APP", "")
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not APP, reason="takes three minutes: set SOAK_APP=sqlite or postgresql"),
    pytest.mark.skipif(
        APP == "postgresql" and not nginx.PROGRAM,
        reason=nginx.MISSING,
    ),
]


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the short form found."""
    out = tmp_path_factory.mktemp("soak")
    words = ["--short", "--app", APP, "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.soaking", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    file = out / f"soak-{APP}.json"
    assert file.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(file.read_text())
    assert found["figures"]["calls"] > 300, done.stdout
    assert done.returncode == (not found["ok"])
    assert Path(out / f"soak-{APP}.svg").read_text().startswith("<svg")
    return found


def holds(soaked: dict[str, Any], *names: str) -> None:
    """Require these judgements."""
    judged = {one["name"]: one for one in soaked["judgements"]}
    assert [judged[name] for name in names if not judged[name]["holds"]] == []


@pytest.mark.proves("SOAK-RECORDED")
def test_every_statement_in_postgresqls_log_has_its_row_and_the_chain_holds(
    soaked: dict[str, Any],
) -> None:
    holds(soaked, "recorded", "verified")


@pytest.mark.proves("SOAK-NONE-STUCK")
def test_no_row_stays_open_after_crashes_and_restarts(soaked: dict[str, Any]) -> None:
    holds(soaked, "events", "none stuck")


@pytest.mark.proves("SOAK-NO-LEAK")
def test_no_connection_and_no_slot_of_a_pool_is_lost(soaked: dict[str, Any]) -> None:
    holds(soaked, "no leak", "slots free")


@pytest.mark.proves("SOAK-REVOKED")
def test_ended_tokens_are_refused_from_that_moment_on(soaked: dict[str, Any]) -> None:
    holds(soaked, "ended tokens")
    assert sum(n for name, n in soaked["answers"].items() if name == "ended token: http 401") > 0


@pytest.mark.proves("SOAK-ANSWERS")
def test_every_answer_is_right_or_explained_by_what_was_done_just_then(
    soaked: dict[str, Any],
) -> None:
    assert soaked["unexplained"] == []
    holds(soaked, "answers")


@pytest.mark.proves("SOAK-FLAT")
def test_memory_and_open_files_of_the_workers_stay_as_they_are(soaked: dict[str, Any]) -> None:
    holds(soaked, "memory flat", "files flat")
