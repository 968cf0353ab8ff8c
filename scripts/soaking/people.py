"""Who asks, by which policy, and which of their tokens should open the door at this moment."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

from scripts.soaking.deployment import Deployment

PREFIX_LENGTH = 11
# Most that the admin would let anybody have.
_WIDE: dict[str, object] = {
    "queries_per_minute": 6000,
    "concurrent_queries": 100,
    "rows_per_day": 2 * 10**9,
}
POLICIES: dict[str, dict[str, object]] = {
    "wide": _WIDE,
    "narrow": _WIDE | {"schemas": "reporting", "may_export": False, "max_rows": 50},
    "brief": _WIDE | {"statement_timeout_s": 1},
    "hasty": _WIDE | {"queries_per_minute": 30},
    "single": _WIDE | {"concurrent_queries": 1},
}
PEOPLE = {
    "alice": "wide",
    "bob": "wide",
    "carol": "wide",
    "nora": "narrow",
    "brian": "brief",
    "hattie": "hasty",
    "simon": "single",
    "theo": "wide",
}
# Whose tokens come and go.
CHANGING = "theo"
_SETUP = """
import json
from accounts.policies import assign_policy, create_policy
from accounts.services import ensure_analyst, issue_token
made = {{n: create_policy(name=n, **fields) for n, fields in {policies!r}.items()}}
for person, policy in {people!r}.items():
    user = ensure_analyst(username=person)
    assign_policy(user=user, policy=made[policy])
    print(json.dumps([person, issue_token(user=user, label="soak").secret]))
"""


@dataclass(eq=False)
class Token:
    """A secret of somebody; from ``ending`` to ``ended`` a command is at work to close it."""

    who: str
    secret: str
    ending: float = inf
    ended: float = inf

    @property
    def prefix(self) -> str:
        """Return what the commands know it by."""
        return self.secret[:PREFIX_LENGTH]

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Surround the command; what is asked after it must be refused."""
        self.ending = time.monotonic()
        yield
        self.ended = time.monotonic()


class Keys:
    """All tokens of the run."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._tokens: dict[str, list[Token]] = defaultdict(list)

    def add(self, who: str, secret: str) -> Token:
        """Remember a token that was just issued."""
        token = Token(who, secret)
        self._tokens[who].append(token)
        return token

    def valid(self, who: str) -> Token:
        """Return a token of theirs that works; those whose end is under way included."""
        return self._rng.choice([one for one in self._tokens[who] if one.ended == inf])

    def ended(self) -> Token | None:
        """Return a token that doesn't work any more, if there is one."""
        over = [one for tokens in self._tokens.values() for one in tokens if one.ended < inf]
        return self._rng.choice(over) if over else None

    def spare(self, who: str) -> Token | None:
        """Return a token that may be ended because another is left."""
        left = [one for one in self._tokens[who] if one.ending == inf]
        return self._rng.choice(left) if len(left) > 1 else None


def introduce(deployment: Deployment, rng: random.Random) -> Keys:
    """Make policies and people, each with a token."""
    code = _SETUP.format(policies=POLICIES, people=PEOPLE)
    keys = Keys(rng)
    for line in deployment.manage("shell", "-v0", "-c", code).splitlines():
        keys.add(*json.loads(line))
    return keys
