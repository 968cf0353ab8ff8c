"""Why a token that somebody made by hand is too weak to be taken over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import md5, sha1, sha256
from itertools import pairwise

from accounts.secrets import MAX_LENGTH, PREFIX, looks_mistyped

MIN_LENGTH = 20
_MIN_DISTINCT = 8
_MIN_KINDS = 2
_MIN_SWITCHES = 3
_MIN_NAME = 3
_OBVIOUS = (
    "abc123 access admin analyst analytics apikey bearer changeme default demo dummy example "
    "fireside fleet foobar letmein password passwort placeholder qwerty replace sample secret "
    "server test token welcome xxxx your 12345"
).split()


def why_weak(token: str, name: str) -> str | None:
    """Return why the token must not be taken over, as the end of a sentence, or None.

    The answer never repeats any part of the token.
    """
    malformed = _why_malformed(token)
    # One of ours is random by its making.
    if malformed or token.startswith(PREFIX):
        return malformed
    return _why_guessable(token, name)


def _why_malformed(token: str) -> str | None:
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{MAX_LENGTH}}}", token):
        return f"is not 1 to {MAX_LENGTH} visible ASCII characters"
    if len(token) < MIN_LENGTH:
        return f"has fewer than {MIN_LENGTH} characters"
    if looks_mistyped(token):
        return "looks like a token of this server, but its checksum is wrong"
    return None


def _why_guessable(token: str, name: str) -> str | None:
    if _is_derived_from(name, token):
        return "is derived from the name"
    if _is_built_from(_OBVIOUS, token):
        return "is built from obvious words"
    if _has_low_variety(token):
        return "has too little variety to be random"
    return None


def _is_derived_from(name: str, token: str) -> bool:
    spellings = {name, name.lower(), name.upper(), name.capitalize()}
    sums = {kind(word.encode()).hexdigest() for kind in (md5, sha1, sha256) for word in spellings}
    parts = [part for part in re.split(r"\W|_", name.lower()) if len(part) >= _MIN_NAME]
    return token.lower() in sums or _is_built_from([*parts, *(part[::-1] for part in parts)], token)


def _is_built_from(words: Iterable[str], token: str) -> bool:
    """Say whether little that looks random is left once the words are taken out."""
    rest = token.lower()
    for word in words:
        rest = rest.replace(word, "")
    if rest == token.lower():
        return False
    rest = "".join(char for char in rest if char.isalnum())
    switches = sum(one.isdigit() != two.isdigit() for one, two in pairwise(rest))
    return len(rest) < MIN_LENGTH or switches < _MIN_SWITCHES or _has_low_variety(rest)


def _has_low_variety(token: str) -> bool:
    kinds = sum(
        any(test(char) for char in token) for test in (str.islower, str.isupper, str.isdigit)
    )
    steps = sum(abs(ord(one) - ord(two)) <= 1 for one, two in pairwise(token))
    repeats = (token + token).find(token, 1) < len(token)
    few = len(set(token)) < _MIN_DISTINCT
    return kinds < _MIN_KINDS or few or repeats or steps > len(token) // 2
