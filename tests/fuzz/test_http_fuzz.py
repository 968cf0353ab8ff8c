"""Every address of the project, by everybody: no failure, nobody else's data, no secret."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from accounts.models import AnalystToken, User
from accounts.services import issue_token
from tests.audit.history import ask, days_ago
from tests.fuzz import budget
from tests.fuzz.budget import Hunt
from tests.fuzz.walking import HOSTILE, Asked, Walker
from tests.live import Server

Cast = dict[str, User | None]
HIDDEN = {"bob": "canary-of-bob", "alice": "canary-of-alice"}
# Who may see whose words.
MAY_SEE = {
    "anonymous": set[str](), "ivan": set[str](), "alice": {"alice"}, "tess": {"alice"},
    "otto": {"alice", "bob"}, "sue": {"alice", "bob"},
}  # fmt: skip
STAFF = ("tess", "otto", "sue")
# Whoever is not of these changes nothing, whatever they send.
CHANGE = ("tess", "sue")
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
# What looking at pages may write: sessions, counts of tries, the record of what was done, and sums
# of the record's past days, which are kept once they were added up.
_WRITTEN = frozenset(
    (
        "django_session fleetmcp_cache audit_event audit_eventdetail audit_usageday sqlite_sequence"
    ).split()
)
PASSWORD = "correct-horse-battery-staple-9"


@pytest.fixture
def cast(request: pytest.FixtureRequest, alice: User, bob: User) -> Cast:
    """Everybody, with a past: questions, tokens and words that others must not see."""
    for owner in (alice, bob):
        words = HIDDEN[owner.username]
        issue_token(user=owner, label=words)
        for days in (1, 2, 40):
            ask(owner, days_ago(days), sql=f"SELECT '{words}'")
    found: Cast = {"anonymous": None, "alice": alice}
    for name in ("ivan", "tess", "otto", "sue"):
        person: User = request.getfixturevalue(name)
        person.set_password(PASSWORD)
        person.save()
        found[name] = person
    return found


@pytest.fixture
def secrets(cast: Cast) -> list[bytes]:
    """What no page shows to anybody."""
    digests = list(AnalystToken.objects.values_list("digest", flat=True))
    hashes = [p for p in User.objects.values_list("password", flat=True) if not p.startswith("!")]
    return [str(text).encode() for text in (*digests, *hashes, settings.SECRET_KEY)]


def state() -> dict[str, str]:
    """Return a digest of each table that nobody changes by looking."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in _WRITTEN:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = repr(sorted(map(repr, cursor.fetchall())))
                found[table] = hashlib.sha256(rows.encode()).hexdigest()
    return found


def people_ids() -> list[str]:
    """Return the ids of objects, and what else stands in addresses."""
    numbers = {str(pk) for pk in User.objects.values_list("pk", flat=True)}
    numbers |= {str(pk) for pk in AnalystToken.objects.values_list("pk", flat=True)}
    return sorted(numbers | {"1", "2", "7", "accounts", "audit", "en", "MQ", "set-password"})


@dataclass(frozen=True)
class Answer:
    """What somebody was answered, and to what."""

    name: str
    who: str
    asked: Asked
    status: int
    page: bytes

    def wrong(self, secrets: list[bytes]) -> Iterator[tuple[str, str]]:
        """Yield (rule, what) for each thing that must not be in an answer."""
        if self.status >= 500:
            yield "it failed", f"{self.status} {self.page[:200]!r}"
        for owner, words in HIDDEN.items():
            if owner not in MAY_SEE[self.who] and words.encode() in self.page:
                yield "it shows another person's words", owner
        if any(secret in self.page for secret in secrets):
            yield "it shows a secret", ""

    def changed(self, before: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Yield (rule, what) for each table that was changed by who, or what, may not."""
        if self.who in CHANGE and self.asked.method not in SAFE:
            return
        # Clients register themselves; that is what the address is for.
        register = self.asked.path == "/oauth/register" and self.asked.method == "POST"
        for table, digest in state().items():
            if digest != before[table] and not (register and table == "accounts_application"):
                yield "it changed", f"{self.asked.method} {table}"


def answered(cookies: dict[str, str], name: str, who: str, asked: Asked) -> Answer:
    """Send one request as that person; whatever the server raises is raised."""
    client = Client()
    if who in cookies:
        client.cookies[settings.SESSION_COOKIE_NAME] = cookies[who]
    return Answer(name, who, asked, *asked.send(client))


def learned(walker: Walker, cookies: dict[str, str]) -> None:
    """Let the walker see each page once as somebody who sees everything."""
    source = random.Random(1)
    for pattern in walker.patterns:
        with transaction.atomic():
            asked = Asked("GET", walker.path(pattern, source, 0), "", b"", "")
            walker.learn(pattern, answered(cookies, "", "sue", asked).page)
            transaction.set_rollback(True)


def sessions(cast: Cast) -> dict[str, str]:
    """Sign everybody in and return their cookies."""
    found = {}
    for name, person in cast.items():
        if person is not None:
            client = Client()
            client.force_login(person)
            found[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return found


@pytest.mark.proves("FUZZ-HTTP")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_no_address_fails_shows_a_secret_or_changes_what_it_may_not(
    cast: Cast, secrets: list[bytes]
) -> None:
    hunt, walker, cookies = Hunt("http pages"), Walker(people_ids()), sessions(cast)
    learned(walker, cookies)
    before = state()
    for name, source in hunt.cases(500):
        who, asked = source.choice([*cast, *STAFF, *STAFF]), walker.request(source)
        case = f"{who}: {asked}"
        with transaction.atomic():
            try:
                answer = answered(cookies, name, who, asked)
                hunt.figures[f"status {answer.status // 100}xx"] += 1
                for rule, what in (*answer.wrong(secrets), *answer.changed(before)):
                    hunt.broke(rule, case, what, name)
            except Exception as error:  # whatever it is, it is a finding
                hunt.broke("it raised", case, f"{type(error).__name__}: {error}", name)
            transaction.set_rollback(True)
    assert hunt.figures["status 2xx"] > 50
    hunt.ended()


PATHS = [
    "/healthz", "/readyz", "/metrics", "/mcp", "/mcp/", "/", "/oauth/register", "/token",
    "/oauth/token", "/oauth/authorize", "/oauth/revoke", "/admin/",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/static/../x",
]  # fmt: skip


@pytest.mark.proves("FUZZ-HTTP")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_running_server_answers_strangers_without_a_failure(server: Server) -> None:
    hunt = Hunt("http wire")
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for name, source in hunt.cases(200):
            values = source.sample([word for word in HOSTILE if word.isprintable()], 2)
            words = {source.choice(["a", "state", "client_id", "access_token"]): w for w in values}
            method, path = source.choice(["GET", "POST", "PUT", "HEAD", "X"]), source.choice(PATHS)
            body = source.choice([b"", b"{}", b"[1", b"a=%00&b=%zz", source.randbytes(20)])
            kind = source.choice(["application/json", "application/x-www-form-urlencoded", "é"])
            headers = [(b"content-type", kind.encode())]
            reply = client.request(method, path, params=words, content=body, headers=headers)
            hunt.figures[f"status {reply.status_code}"] += 1
            if reply.status_code >= 500:
                hunt.broke("it failed", f"{method} {path} {words} {body!r}", reply.text[:200], name)
    hunt.ended()
    assert "Traceback" not in server.log()
