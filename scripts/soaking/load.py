"""The clients: each asks, waits for the answer, has it judged, and asks again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.soaking.calling import Caller
from scripts.soaking.deployment import Deployment
from scripts.soaking.official import official_client
from scripts.soaking.options import Options
from scripts.soaking.people import Keys, Token
from scripts.soaking.questions import Kind, greedy
from scripts.soaking.tally import Question, Tally

# Of a hundred questions so many come with a token that must be refused.
_WITH_ENDED, _WITH_WRONG = 3, 1
_OFFICIAL_EVERY = 4


@dataclass
class Load:
    """All clients of a run; they end when ``over`` is set."""

    deployment: Deployment
    kinds: list[Kind]
    keys: Keys
    tally: Tally
    options: Options
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Ask until it is over; every fourth client is the official one."""
        async with asyncio.TaskGroup() as group:
            for number in range(self.options.clients):
                rng = random.Random(f"{self.options.seed} {number}")  # noqa: S311  # no secret
                if number % _OFFICIAL_EVERY == _OFFICIAL_EVERY - 1:
                    group.create_task(official_client(self, rng))
                else:
                    group.create_task(self._client(rng, self.question))
            if self.options.greedy:
                rng = random.Random(self.options.seed)  # noqa: S311  # no secret
                group.create_task(self._client(rng, greedy))

    def question(self, rng: random.Random) -> Question:
        """Return the next question of the mix."""
        weights = [kind.weight for kind in self.kinds]
        return rng.choices(self.kinds, weights)[0].make(rng)

    @property
    def is_over(self) -> bool:
        """Say whether no more should be asked."""
        calls = self.options.calls
        return self.over.is_set() or bool(calls and self.tally.calls >= calls)

    async def _client(
        self, rng: random.Random, next_one: Callable[[random.Random], Question]
    ) -> None:
        caller = Caller(self.deployment.url, rng)
        while not self.is_over:
            question = next_one(rng)
            token, question = self._token(rng, question)
            asked = time.monotonic()
            reply = await caller.ask(question, token.secret)
            self.tally.note(question, reply, asked, token)
            if reply.outcome.startswith("broken"):
                await asyncio.sleep(0.2)  # as a patient client would
        await caller.close()

    def _token(self, rng: random.Random, question: Question) -> tuple[Token, Question]:
        """Return with which token it is asked, mostly a good one."""
        drawn, ended = rng.randrange(100), self.keys.ended()
        if ended is not None and drawn < _WITH_ENDED:
            return ended, _turned_away("ended token", question)
        if drawn >= 100 - _WITH_WRONG:
            wrong = Token("nobody", f"fmcp_{rng.randbytes(32).hex()}")
            return wrong, _turned_away("wrong token", question)
        return self.keys.valid(question.who), question


def _turned_away(name: str, question: Question) -> Question:
    return Question(name, "nobody", question.tool, question.arguments, frozenset({"http 401"}))
