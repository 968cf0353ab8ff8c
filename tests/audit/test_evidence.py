"""Evidence: an export that proves by itself what is in it, and names what was changed."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from accounts.models import User
from audit.canonical import canonical
from audit.seals import seal_audit
from tests.audit.exporting import download
from tests.audit.history import ask, days_ago
from tests.audit.pages import signed_in
from tests.audit.sealed import GAP, QUERIES, ROOT, Record, copy_of

Parts = dict[str, bytes]


def verify(file: Path, *words: str) -> tuple[int, str]:
    """Run the script as an outsider would: its own process, nothing of ours on the path."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "scripts" / "verify_export", file, *words],
        cwd=file.parent,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout


def wrongs(file: Path, *words: str) -> list[str]:
    """Return what the script finds wrong."""
    code, said = verify(file, *words)
    found = [line.removeprefix("WRONG: ") for line in said.splitlines() if "WRONG" in line]
    assert (code == 1) is bool(found), said
    return found


@pytest.fixture(scope="session")
def whole(sqlite_record: Record, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole record of a server as evidence: never to be changed."""
    folder = tmp_path_factory.mktemp("evidence")
    for copy in copy_of(sqlite_record, folder):
        exported(copy, folder / "evidence.zip", "--until=2099-01-01")
    return folder / "evidence.zip"


@pytest.fixture
def evidence(whole: Path, tmp_path: Path) -> Path:
    """The same, to do with as one likes."""
    return Path(shutil.copy(whole, tmp_path))


@pytest.fixture
def mine(sqlite_record: Record, tmp_path: Path) -> Iterator[Record]:
    """A copy of a sealed record on SQLite."""
    yield from copy_of(sqlite_record, tmp_path)


def exported(record: Record, file: Path, *words: str) -> Path:
    """Let the command write a file."""
    record.manage("export_audit", "--format=evidence", f"--output={file}", *words)
    return file


def rewritten(file: Path, change: Callable[[Parts], None]) -> Path:
    """Change the parts of the file."""
    with ZipFile(file) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    change(parts)
    with ZipFile(file, "w") as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return file


def forged(file: Path, change: Callable[[list[bytes]], Any], part: str = "queries.jsonl") -> Path:
    """Change the lines of a part, and make the manifest fit, as a careful forger would."""

    def both(parts: Parts) -> None:
        lines = parts[part].splitlines(keepends=True)
        change(lines)
        parts[part] = b"".join(lines)
        manifest = json.loads(parts["manifest.json"])
        said = {"lines": len(lines), "sha256": sha256(parts[part]).hexdigest()}
        manifest["parts"][part] = said
        if part == "queries.jsonl":
            manifest["queries"]["rows"] = len(lines)
        parts["manifest.json"] = json.dumps(manifest).encode()

    return rewritten(file, both)


@pytest.mark.proves("EXPORT-EVIDENCE")
def test_evidence_verifies_by_itself_on_both_databases(record: Record, tmp_path: Path) -> None:
    file = exported(record, tmp_path / "evidence.zip")
    [(number, digest)] = record.run("SELECT number, digest FROM audit_seal ORDER BY 1 DESC LIMIT 1")
    code, said = verify(file, f"--head={number}:{digest}")
    assert code == 0, said
    assert f"Newest seal: {number}:{digest}" in said
    assert f"Segments: {number} with all of their rows, 0 with some" in said
    assert "Everything is right." in said
    assert "not sealed yet" not in said


@pytest.mark.proves("EXPORT-EVIDENCE")
def test_filtered_evidence_proves_its_rows_and_says_what_it_does_not(
    alice: User, bob: User, otto: User, tmp_path: Path, transactional: None
) -> None:
    ask(alice, days_ago(2))
    ask(bob, days_ago(2))
    ask(alice, days_ago(1))
    seal_audit()
    late = ask(alice, days_ago(0, 0))
    file = tmp_path / "evidence.zip"
    file.write_bytes(download(signed_in(otto), "evidence", query=f"user={alice.pk}"))
    code, said = verify(file)
    assert code == 3, said
    assert "Nothing is wrong, but 1 rows are not proven: no seal" in said
    assert "Rows that are as they were sealed: 2\n" in said
    assert "Segments: 0 with all of their rows, 1 with some of them." in said
    assert f"not sealed yet, of which nothing is proven: 1 (Query {late})" in said


@pytest.fixture
def transactional(transactional_db: None) -> None:
    """Let what is written be committed: seals take what is."""


@pytest.mark.proves("EXPORT-TAMPERED")
def test_edited_row_is_named(evidence: Path) -> None:
    forged(evidence, lambda lines: lines.__setitem__(99, lines[99].replace(b"SELECT", b"select")))
    assert wrongs(evidence) == [f"Query {100 + (GAP <= 100)} was changed."]


@pytest.mark.proves("EXPORT-TAMPERED")
def test_deleted_rows_are_named(evidence: Path) -> None:
    forged(evidence, lambda lines: lines.__delitem__(slice(0, 2)))
    assert wrongs(evidence) == ["Query 1 is missing.", "Query 2 is missing."]


@pytest.mark.proves("EXPORT-TAMPERED")
def test_row_missing_from_filtered_evidence_is_named(mine: Record, tmp_path: Path) -> None:
    [(name, first)] = mine.run(
        "SELECT username, min(id) FROM audit_querylog GROUP BY username ORDER BY 1 LIMIT 1"
    )
    file = exported(mine, tmp_path / "one.zip", f"--person={name}")
    forged(file, lambda lines: lines.__delitem__(0))
    assert wrongs(file) == [f"Query {first} is missing."]


@pytest.mark.proves("EXPORT-TAMPERED")
def test_row_that_was_put_in_is_named(evidence: Path) -> None:
    def insert(lines: list[bytes]) -> None:
        lines.insert(GAP - 1, lines[0].replace(b'"id":1,', f'"id":{GAP},'.encode()))

    forged(evidence, insert)
    assert wrongs(evidence) == [f"Query {GAP} was put in: seal 1 doesn't know it."]


@pytest.mark.proves("EXPORT-TAMPERED")
def test_reordered_and_doubled_rows_are_named(evidence: Path) -> None:
    def swap(lines: list[bytes]) -> None:
        lines[0], lines[1] = lines[1], lines[0]

    forged(evidence, swap)
    assert wrongs(evidence) == ["Query 1 is out of order, or there twice."]
    forged(evidence, lambda lines: lines.insert(0, lines[1]))
    assert "Query 1 is out of order, or there twice." in wrongs(evidence)


@pytest.mark.proves("EXPORT-TAMPERED")
def test_cut_tail_is_named_row_by_row_or_by_the_seal_kept_elsewhere(evidence: Path) -> None:
    code, said = verify(evidence)
    head = said.split("Newest seal: ")[1].split()[0]
    forged(evidence, lambda lines: lines.__delitem__(slice(-2, None)))
    assert wrongs(evidence) == [f"Query {QUERIES - 1} is missing.", f"Query {QUERIES} is missing."]
    forged(evidence, lambda lines: lines.pop(), "seals.jsonl")
    assert code == 0
    assert f"Seal {head.split(':')[0]} is missing: the end was cut off, or the file is older." in (
        wrongs(evidence, f"--head={head}")
    )


@pytest.mark.proves("EXPORT-TAMPERED")
def test_changed_seals_and_lists_of_rows_are_named(evidence: Path) -> None:
    def edit(lines: list[bytes]) -> None:
        seal = json.loads(lines[1])
        seal["record"]["sealed_at"] = "2020-01-01T00:00:00.000000Z"
        lines[1] = canonical(seal) + b"\n"

    forged(evidence, edit, "seals.jsonl")
    assert wrongs(evidence) == ["Seal 2 was changed."]
    forged(evidence, lambda lines: lines.pop(1), "seals.jsonl")
    assert "Seal 3 follows seal 1: seals are missing or moved." in wrongs(evidence)


@pytest.mark.proves("EXPORT-TAMPERED")
def test_manifest_of_another_file_is_noticed(evidence: Path, mine: Record, tmp_path: Path) -> None:
    other = exported(mine, tmp_path / "other.zip", "--events")

    def swap(parts: Parts) -> None:
        with ZipFile(other) as zipped:
            parts["manifest.json"] = zipped.read("manifest.json")

    rewritten(evidence, swap)
    found = wrongs(evidence)
    assert any("queries.jsonl is not the part that the manifest" in one for one in found)
    assert any(one.startswith("There are ") for one in found)


@pytest.mark.proves("EXPORT-TAMPERED")
def test_chain_that_was_written_anew_differs_from_the_seal_kept_elsewhere(evidence: Path) -> None:
    assert wrongs(evidence, "--head=2:0123456789abcdef") == [
        "Seal 2 is not the one that was kept elsewhere: the record up to it was written anew."
    ]


@pytest.mark.proves("EXPORT-COMPLETE")
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_evidence_that_was_cut_off_is_recognised(evidence: Path, share: float) -> None:
    whole = evidence.read_bytes()
    evidence.write_bytes(whole[: int(len(whole) * share)])
    code, said = verify(evidence)
    assert code == 2
    assert "no complete evidence file" in said


@pytest.mark.proves("EXPORT-EVIDENCE")
def test_script_and_server_agree(record: Record, tmp_path: Path) -> None:
    record.tamper("UPDATE audit_querylog SET sql = 'SELECT 2' WHERE id = 123")
    record.tamper("UPDATE audit_event SET summary = 'nothing' WHERE id = 2")
    found = wrongs(exported(record, tmp_path / "evidence.zip"))
    assert sorted(found) == sorted(record.verify()[0])


@pytest.mark.proves("EXPORT-COMMAND")
def test_command_writes_each_format_and_is_on_record(record: Record, tmp_path: Path) -> None:
    file = tmp_path / "record.csv"
    said = record.manage("export_audit", "--format=csv", f"--output={file}")
    assert f"{QUERIES - 1:,} rows" in said
    lines = list(csv.reader(StringIO(file.read_text(), newline="")))
    assert len(lines) == 1 + (QUERIES - 1) + 1
    events = tmp_path / "events.jsonl"
    record.manage("export_audit", "--format=jsonl", "--events", f"--output={events}")
    kinds = [json.loads(line).get("kind") for line in events.read_text().splitlines()]
    assert "exported" in kinds
    rows = record.run("SELECT summary FROM audit_event WHERE kind = 'exported' ORDER BY id")
    assert rows == [(f"Exported {QUERIES - 1:,} rows of the record as csv",), rows[-1]]


@pytest.mark.proves("EXPORT-COMMAND")
def test_command_never_overwrites_and_names_who_is_not_there(mine: Record, tmp_path: Path) -> None:
    file = tmp_path / "there.csv"
    file.write_text("mine")
    said = mine.manage("export_audit", f"--output={file}", code=1)
    assert "exists already" in said
    assert file.read_text() == "mine"
    words = ("export_audit", f"--output={tmp_path / 'new.csv'}", "--person=nobody")
    assert "There is nobody with the username nobody." in mine.manage(*words, code=1)
