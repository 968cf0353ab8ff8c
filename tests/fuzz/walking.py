"""Requests to every address that the project has, with words that nobody would write by hand."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from django.contrib import admin
from django.test import Client
from django.urls import URLResolver, get_resolver

METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
)
HOSTILE = [
    "", "0", "1", "-1", "2", "99999999999999999999999", "1e9", "NaN", "inf", "٣", "１", "True",
    "null",
    "None", "\x00", "a\x00b", "\udcff", "é", "🚚" * 40, "\u202e", "'", "\"><script>x</script>",
    "%", "%%",
    "_",
    "\\", "../../../etc/passwd", "//evil.example", "javascript:alert(1)", "{{7*7}}", "${7}", "*",
    "1,2", ",,,", "a" * 5000, "a b c d e f g h" * 50, "-created_at", "password", "user__password",
    "2026-11-01", "2026-13-45", "9999-12-31", "0000-00-00", "2026-11-01..2026-11-02", "last7",
    "today",
    "1 OR 1=1", "'; DROP TABLE x; --", "()", "[", "sql:x", "user:",
    '"unclosed', "-" * 300, "canary",
    "https://fleet.example.com/cb", "http://127.0.0.1/callback", "code", "S256", "query", "openid",
]  # fmt: skip
NAMES = (
    "q p o all e _popup _to_field _facets _changelist_filters before after next user days team "
    "status action index select_across _selected_action app_label model_name field_name term "
    "client_id redirect_uri response_type code_challenge code_challenge_method scope state "
    "resource prompt grant_type code code_verifier refresh_token token username password login "
    "access_token id pk format csrfmiddlewaretoken _method _save _continue _saveasnew post "
    "confirm reason"
).split()
_LOOKUPS = ("", "__exact", "__id__exact", "__gte", "__lt", "__isnull", "__in", "__regex", "__year")
_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
_FIELD = re.compile(r'(?:name="|[?&;])([A-Za-z_][\w-]*)(?:"|=)')
_KINDS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json",
    "text/plain", "",
)  # fmt: skip


def patterns() -> list[str]:
    """Return every pattern of an address, with its holes."""

    def inside(resolver: URLResolver, before: str) -> Iterator[str]:
        for item in resolver.url_patterns:
            whole = before + str(item.pattern)
            if isinstance(item, URLResolver):
                yield from inside(item, whole)
            else:
                yield whole

    return [*inside(get_resolver(), "/"), "/static/x", "/favicon.ico", "/nowhere"]


def filters() -> list[str]:
    """Return the words by which the admin's lists can be narrowed, and some by which they can't."""
    fields = {
        name
        for model in admin.site._registry
        for item in model._meta.get_fields()
        if (name := item.name)
    }
    return sorted(name + lookup for name in fields for lookup in _LOOKUPS)


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: str
    body: bytes
    kind: str

    def send(self, client: Client) -> tuple[int, bytes]:
        """Return the status, and the headers and the body as one; an error is raised."""
        reply = client.generic(
            self.method, self.path, self.body, self.kind, QUERY_STRING=self.query, secure=False
        )
        body = b"".join(reply)
        head = "\n".join(f"{name}: {value}" for name, value in reply.items())
        return reply.status_code, head.encode() + b"\n\n" + body


@dataclass
class Walker:
    """Makes requests; ``ids`` are of what there really is, ``known`` the words of each page."""

    ids: list[str]
    known: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.patterns, self.filters = patterns(), filters()

    def learn(self, pattern: str, page: bytes) -> None:
        """Note the words of forms and links on a page."""
        self.known[pattern].update(_FIELD.findall(page.decode("utf-8", "replace")))

    def path(self, pattern: str, source: random.Random, hostile: float = 0.3) -> str:
        """Return an address with its holes filled."""

        def filled(hole: re.Match[str]) -> str:
            if hole[1] == "int":
                return source.choice(["0", "99999999999999999999999", *self.ids])
            pool = HOSTILE if source.random() < hostile else self.ids
            return quote(source.choice(pool), safe="", errors="surrogateescape")

        plain = _CONVERTER.sub(filled, pattern)
        return re.sub(r"\(\?.*?\)|[\^$]|\.\*|/\?|\\", "", plain)

    def words(self, pattern: str, source: random.Random) -> list[tuple[str, str]]:
        """Return names with values for a query or a form, the same name more than once too."""
        own = sorted(self.known[pattern])
        # One word that a page doesn't know is enough for it to look at nothing else.
        pools = [own] if own and source.random() < 0.7 else [own or list(NAMES), self.filters]
        chosen = [source.choice(source.choice(pools)) for _ in range(source.randint(0, 5))]
        if chosen and source.random() < 0.2:
            chosen.append(chosen[0])
        values = [*HOSTILE, *self.ids * 3]
        return [(name, source.choice(values)) for name in chosen]

    def request(self, source: random.Random) -> Asked:
        """Return a request."""
        pattern = source.choice(self.patterns)
        query, form = (_encoded(self.words(pattern, source)) for _ in "ab")
        kind = source.choice(_KINDS[:1] * 6 + _KINDS)
        return Asked(source.choice(METHODS), self.path(pattern, source), query, form.encode(), kind)


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, errors="surrogateescape")
