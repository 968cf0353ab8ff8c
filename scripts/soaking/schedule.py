"""When which event comes: drawn from the seed, known before the run begins."""

from __future__ import annotations

import random
from dataclasses import dataclass

from scripts.soaking.options import Options

# Seconds between two events of the small kind, and of the large kind.
_SMALL_EVERY, _SHORT_SMALL_EVERY, _LARGE_EVERY = 20.0, 9.0, 75.0
_SMALL = ("issue", "rotate", "revoke", "cancel", "pause", "seal", "cancel", "revoke", "issue")
# These replace workers. They come early, so that one generation is left to watch its memory.
_REPLACING = ("kill worker", "reload", "rolling restart", "kill worker")
_REPLACING_PART = 0.3
_LARGE = ("restart analytics", "restart app database")
# What an app database in a file, on one server, doesn't have; and the other way round.
ABSENT = {"sqlite": ("restart app database", "rolling restart"), "postgresql": ()}
_SHORT = (
    (0.04, "kill worker"),
    (0.14, "restart analytics"),
    (0.26, "restart app database"),
    (0.30, "reload"),
    (0.40, "rolling restart"),
)


@dataclass(frozen=True, order=True)
class Due:
    """An event and when it comes, in seconds from the beginning."""

    at: float
    name: str


def schedule(options: Options) -> list[Due]:
    """Return the events of a run, in order; none without faults."""
    if not options.faults:
        return []
    rng = random.Random(options.seed)  # noqa: S311  # no secret
    large = _short(options.seconds) if options.short else _long(options.seconds, rng)
    every = _SHORT_SMALL_EVERY if options.short else _SMALL_EVERY
    due = sorted([*large, *_small(options.seconds, every, rng)])
    return [one for one in due if one.name not in ABSENT[options.app]]


def _small(seconds: float, every: float, rng: random.Random) -> list[Due]:
    """All small kinds in turn, from a token more on, at uneven distances."""
    count = int(seconds * 0.95 / every)
    return [
        Due(every * (number + rng.uniform(0.1, 0.9)), _SMALL[number % len(_SMALL)])
        for number in range(count)
    ]


def _long(seconds: float, rng: random.Random) -> list[Due]:
    count = int(seconds * 0.97 / _LARGE_EVERY)
    due = []
    for number in range(count):
        at = _LARGE_EVERY * (number + rng.uniform(0.2, 0.8))
        early = at < seconds * _REPLACING_PART
        names = _REPLACING + _LARGE if early else _LARGE
        due.append(Due(at, names[number % len(names)]))
    return due


def _short(seconds: float) -> list[Due]:
    return [Due(part * seconds, name) for part, name in _SHORT]
