"""Reads the old form ``MCP_AUTH_TOKENS="alice:tok1,bob:tok2"`` and judges each entry of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.views.decorators.debug import sensitive_variables

from accounts.errors import ImportRefused, RefusedEntry
from accounts.models import AnalystToken, User
from accounts.people import why_bad_name
from accounts.secrets import digest
from accounts.weakness import why_weak

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?MCP_AUTH_TOKENS\s*=(.*)$", re.MULTILINE)
_LONGEST_SHOWN_NAME = 40


class Outcome(TextChoices):
    """What an import did with an entry."""

    IMPORTED = "imported"
    ALREADY_IMPORTED = "already imported"
    STAYS_REVOKED = "already imported, stays revoked"


@dataclass(frozen=True)
class Entry:
    """One ``name:token``; ``position`` counts from 1. Its repr shows neither half."""

    position: int
    name: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def shown_name(self) -> str:
        """The name, unless it could be the token: people do write ``token:name``."""
        if not self.name:
            return "without a name"
        return self.name if _looks_like_a_name(self.name) else "name not shown"

    @property
    def digest(self) -> str:
        """The digest under which the token is stored."""
        return digest(self.token)


@sensitive_variables()
def parse(text: str) -> list[Entry]:
    """Return the entries of the bare value or of an environment file that assigns it.

    Raises ImportRefused if there is no entry, more than one assignment, or what is no text.
    """
    if not _is_text(text):
        raise ImportRefused("There are bytes that are not UTF-8.")
    assigned = _ASSIGNMENT.findall(text)
    if len(assigned) > 1:
        raise ImportRefused("MCP_AUTH_TOKENS is assigned more than once: keep the valid line.")
    value = _without_quotes(assigned[0] if assigned else text)
    pieces = [piece for piece in re.split(r"[,\r\n]", value) if piece.strip()]
    if not pieces:
        raise ImportRefused("There is nothing to import: write name:token,name:token.")
    return [_entry(position, piece) for position, piece in enumerate(pieces, start=1)]


@sensitive_variables()
def examine(entries: Sequence[Entry]) -> Mapping[str, AnalystToken]:
    """Return the entries' tokens that are already imported, by digest.

    Raises ImportRefused if any entry must not be taken over.
    """
    stored = AnalystToken.objects.select_related("user").filter(
        digest__in=[entry.digest for entry in entries]
    )
    around = _Surroundings(
        known={token.digest: token for token in stored},
        first_with_digest={entry.digest: entry.position for entry in reversed(entries)},
        spellings={entry.name.lower(): entry.name for entry in reversed(entries)},
    )
    judged = [(entry, _why_not(entry, around)) for entry in entries]
    refused = [RefusedEntry(e.position, e.shown_name, why) for e, why in judged if why]
    if refused:
        raise ImportRefused("Nothing was imported. Mend or remove these entries:", tuple(refused))
    return around.known


@dataclass(frozen=True)
class _Surroundings:
    """What else there is when one entry is judged: stored tokens, and the rest of the text."""

    known: Mapping[str, AnalystToken]
    first_with_digest: Mapping[str, int]
    spellings: Mapping[str, str]


@sensitive_variables()
def _why_not(entry: Entry, around: _Surroundings) -> str | None:
    if not entry.name or not entry.token:
        return "is not of the form name:token"
    first = around.first_with_digest[entry.digest]
    if first != entry.position:
        return f"has the same token as entry {first}"
    stored = around.known.get(entry.digest)
    if stored is not None:
        taken_over = stored.imported and stored.user.username == entry.name
        return None if taken_over else "has a token that is already in the database"
    weak = why_weak(entry.token, entry.name)
    if weak:
        return f"has a token that {weak}"
    return _why_not_person(entry.name, around.spellings)


def _why_not_person(name: str, spellings: Mapping[str, str]) -> str | None:
    person = User.objects.filter(username=name).first()
    if person is not None:
        return None if person.is_active else "belongs to a person who is deactivated"
    if spellings[name.lower()] != name:
        return "differs from another entry's name in upper and lower case only"
    return why_bad_name(name)


def _is_text(text: str) -> bool:
    """Python hands on bytes that are no UTF-8 as lone surrogates, from stdin in plain locales."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _looks_like_a_name(text: str) -> bool:
    words = re.split(r"[-._@+]", re.sub(r"\d{1,4}$", "", text))
    named = all(word.isalpha() and word in (word.lower(), word.title()) for word in words)
    return named and len(text) <= _LONGEST_SHOWN_NAME


@sensitive_variables()
def _entry(position: int, piece: str) -> Entry:
    name, colon, token = piece.partition(":")
    # Without a colon the piece may be a token, so it must not become a name that is shown.
    name = User.normalize_username(name.strip()) if colon else ""
    return Entry(position, name, token.strip())


@sensitive_variables()
def _without_quotes(value: str) -> str:
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
