"""What is wrong with a chain of seals, and which rows: no database, so that an export can ask too.

Rows come as entries (letter, id, leaf), seals as their records; nothing is kept but one segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from audit.canonical import EVENT, QUERY, Entry, Record, digest_of, seal_digest, unpack

GENESIS = "0" * 64
_WORDS = {QUERY: "query", EVENT: "event"}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a word for machines, a sentence, and the row or seal it names."""

    kind: str
    sentence: str
    subject: str = ""
    id: int | None = None


@dataclass(frozen=True)
class SealRow:
    """A seal as it is stored. ``leaves`` is None once it is pruned."""

    record: Record
    digest: str
    leaves: bytes | None
    pruned: bool = False

    @property
    def number(self) -> int:
        """The seal's place in the chain."""
        return int(self.record["number"])


@dataclass
class Chain:
    """Follows the seals in order; ``heads`` are digests that were kept elsewhere, by number."""

    number: int = 0
    digest: str = GENESIS
    last_query: int = 0
    last_event: int = 0
    heads: dict[int, set[str]] = field(default_factory=dict)

    def follow(self, seal: SealRow) -> Iterator[Finding]:
        """Yield what is wrong with the next seal and with its link to the last one."""
        number, record = seal.number, seal.record
        if number != self.number + 1:
            yield _missing_seals(self.number + 1, number - 1)
        elif record["previous"] != self.digest:
            sentence = (
                f"Seal {number} doesn't continue seal {number - 1}: one of them was replaced."
            )
            yield _of_seal("link", number, sentence)
        elif (record["first_query"], record["first_event"]) != self._next():
            yield _of_seal("gap", number, f"Seal {number} doesn't begin where the last one ended.")
        if not intact(seal):
            yield _of_seal("seal_changed", number, f"Seal {number} was changed.")
        yield from self._compared(seal)
        self.number, self.digest = number, seal.digest
        self.last_query, self.last_event = record["last_query"], record["last_event"]

    def end(self) -> Iterator[Finding]:
        """Yield the seals that were known elsewhere and are not here."""
        for number in sorted(self.heads):
            if number > self.number:
                sentence = (
                    f"Seal {number} is missing, though it was noted elsewhere: the end of the "
                    f"record was cut off, or an old backup was restored."
                )
                yield _of_seal("cut_off", number, sentence)

    def _next(self) -> tuple[int, int]:
        return self.last_query + 1, self.last_event + 1

    def _compared(self, seal: SealRow) -> Iterator[Finding]:
        for digest in self.heads.get(seal.number, ()):
            if not seal.digest.startswith(digest):
                sentence = (
                    f"Seal {seal.number} is not the one that was noted elsewhere: the record up to "
                    f"it was written anew."
                )
                yield _of_seal("rewritten", seal.number, sentence)


def intact(seal: SealRow) -> bool:
    """Say whether the seal's digest is that of its record."""
    return seal_digest(seal.record) == seal.digest


def check_leaves(seal: SealRow) -> Iterator[Finding]:
    """Yield what is wrong with the seal's list of its rows."""
    number = seal.number
    if seal.leaves is None:
        yield _of_seal("leaves_missing", number, f"Seal {number} has lost the list of its rows.")
    elif digest_of(seal.leaves) != seal.record["content"]:
        yield _of_seal(
            "leaves_changed", number, f"Seal {number}: the list of its rows was changed."
        )


def check_rows(seal: SealRow, rows: Iterable[Entry], *, whole: bool = True) -> Iterator[Finding]:
    """Yield each row that was changed, deleted or put in since it was sealed, by name.

    ``whole`` says that all rows of the segment are among those given, not a choice of them.
    """
    try:
        sealed = {(one.letter, one.id): one.leaf for one in unpack(seal.leaves or b"")}
    except ValueError:
        sealed = {}
    for row in rows:
        leaf = sealed.pop((row.letter, row.id), None)
        if leaf is None:
            yield of_row("inserted", row.letter, row.id, "was put in")
        elif leaf != row.leaf:
            yield of_row("changed", row.letter, row.id, "was changed")
    if whole:
        for letter, ident in sorted(sealed):
            yield of_row("deleted", letter, ident, "is missing")


def of_row(kind: str, letter: str, ident: int, what: str) -> Finding:
    """Return a finding that names a query or an event."""
    word = _WORDS.get(letter, "row")
    return Finding(kind, f"{word.capitalize()} {ident} {what}.", word, ident)


def _of_seal(kind: str, number: int, sentence: str) -> Finding:
    return Finding(kind, sentence, "seal", number)


def _missing_seals(first: int, last: int) -> Finding:
    if last < first:
        return _of_seal("order", first, f"Seal {last + 1} stands where seal {first} should.")
    which = f"Seal {first} is" if first == last else f"Seals {first} to {last} are"
    return _of_seal("seals_missing", first, f"{which} missing.")


def seal_row(record: Record, values: dict[str, Any]) -> SealRow:
    """Return the seal of its record and the rest of its row."""
    leaves = values["leaves"]
    return SealRow(
        record=record,
        digest=values["digest"],
        leaves=None if leaves is None else bytes(leaves),
        pruned=values["pruned_at"] is not None,
    )
