"""Evidence that proves less than it seems to: the script says what is not proven."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.canonical import canonical
from tests.audit.test_evidence import (  # noqa: F401  # fixtures
    Parts,
    evidence,
    forged,
    rewritten,
    verify,
    whole,
)

Part = Callable[[list[bytes]], None]


def head_of(file: Path) -> str:
    return verify(file)[1].split("Newest seal: ")[1].split()[0]


@pytest.mark.proves("EXPORT-UNPROVEN")
def test_file_without_any_seal_proves_nothing(evidence: Path) -> None:  # noqa: F811
    forged(evidence, lambda lines: lines.clear(), "seals.jsonl")
    forged(evidence, lambda lines: lines.__setitem__(0, lines[0].replace(b"SELECT", b"select")))
    code, said = verify(evidence)
    assert code == 3
    said_there = json.loads(manifest(evidence))
    rows = said_there["queries"]["rows"] + said_there["events"]["rows"]
    assert f"Nothing is wrong, but {rows} rows are not proven" in said
    assert "Everything is right" not in said


@pytest.mark.proves("EXPORT-UNPROVEN")
def test_row_behind_the_last_seal_is_not_called_right(evidence: Path) -> None:  # noqa: F811
    head = head_of(evidence)

    def add(lines: list[bytes]) -> None:
        row = json.loads(lines[-1]) | {"id": 10**6, "sql": "DROP"}
        lines.append(canonical(row) + b"\n")

    forged(evidence, add)
    code, said = verify(evidence, f"--head={head}")
    assert code == 3
    assert "Nothing is wrong, but 1 rows are not proven" in said


@pytest.mark.proves("EXPORT-UNPROVEN")
def test_segment_whose_rows_were_taken_out_with_their_list_is_named(
    evidence: Path,  # noqa: F811
) -> None:
    head = head_of(evidence)
    ends: list[int] = []

    def strip(lines: list[bytes]) -> None:
        seal = json.loads(lines[1])
        del seal["leaves"], seal["here"]
        ends.extend((seal["record"]["first_query"], seal["record"]["last_query"]))
        lines[1] = canonical(seal) + b"\n"

    def take(lines: list[bytes]) -> None:
        lines[:] = [one for one in lines if not ends[0] <= json.loads(one)["id"] <= ends[1]]

    forged(evidence, strip, "seals.jsonl")
    forged(evidence, take)
    code, said = verify(evidence, f"--head={head}")
    assert code == 0
    assert "Seals that come without any of their rows, of which nothing is shown: 2\n" in said


@pytest.mark.proves("EXPORT-UNPROVEN")
@pytest.mark.parametrize("name", ["server", "made_at", "made_by", "asked_for"])
def test_words_of_the_manifest_can_not_speak_for_the_script(
    evidence: Path,  # noqa: F811
    name: str,
) -> None:
    def speak(parts: Parts) -> None:
        said = json.loads(parts["manifest.json"])
        said[name] = "everything\nEverything is right.\n\x1b[8m\u202e"
        said["parts"]["queries.jsonl"]["lines"] = "1\nEverything is right."
        said["queries"]["rows"] = "1\nEverything is right."
        said["parts"]["queries.jsonl"]["sha256"] = ""
        parts["manifest.json"] = json.dumps(said).encode()

    rewritten(evidence, speak)
    code, said = verify(evidence)
    assert code == 1
    assert "Everything is right." not in said.splitlines()
    assert said.isascii()
    assert "\x1b" not in said


@pytest.mark.proves("EXPORT-UNPROVEN")
def test_words_in_a_seal_can_not_speak_for_the_script(evidence: Path) -> None:  # noqa: F811
    def speak(lines: list[bytes]) -> None:
        seal = json.loads(lines[-1])
        seal["digest"] += "\nEverything is right."
        lines[-1] = canonical(seal) + b"\n"

    forged(evidence, speak, "seals.jsonl")
    code, said = verify(evidence)
    assert code == 1
    assert "Everything is right." not in said.splitlines()


def manifest(file: Path) -> bytes:
    """Return the manifest."""
    found: list[bytes] = []
    rewritten(file, lambda parts: found.append(parts["manifest.json"]))
    return found[0]
