"""Processes of this machine: whose children they are, their memory, and how to freeze them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.live import until

# A machine that runs the whole test suite is slower than any fault: there a time that is
# promised only tells an answer from none. scripts/faults takes each at its word.
SLACK = 1 if os.environ.get("FAULTS") == "1" else 4


def eventually(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait as ``until`` does, with the patience that a busy machine needs."""
    return until(condition, seconds * SLACK, what)


def children(pid: int) -> list[int]:
    """Return the process's children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory(pids: Sequence[int], word: str = "VmRSS") -> int:
    """Return the bytes of memory of the largest; VmHWM is the most that it ever had."""
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return max(int(re.findall(rf"{word}:\s+(\d+)", text)[0]) * 1024 for text in texts)


@contextmanager
def stopped(pids: Sequence[int]) -> Iterator[None]:
    """Stop the processes in their tracks meanwhile."""
    _signalled(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signalled(pids, signal.SIGCONT)


def _signalled(pids: Sequence[int], how: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)
