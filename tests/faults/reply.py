"""What a client of a server under fire got, and what many of them were told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What a client got, and after how long."""

    status: int
    body: dict[str, Any]
    text: str
    seconds: float

    @property
    def rows(self) -> Any:
        """Return the rows of a result, or None."""
        return self.body.get("result", {}).get("structuredContent", {}).get("rows")

    @property
    def good(self) -> bool:
        """Say whether it is a result."""
        return self.body.get("result", {}).get("isError") is False

    @property
    def told(self) -> str:
        """Return the sentence that the client reads, "" for a result."""
        result = self.body.get("result")
        if result is None:
            error = self.body.get("error")
            said = error["message"] if isinstance(error, dict) else self.body["error_description"]
            return str(said)
        return str(result["content"][0]["text"]) if result.get("isError") else ""

    @property
    def kind(self) -> str:
        """Return "ok", the code of the refusal, or the HTTP status."""
        if self.good:
            return "ok"
        code = re.match(r"\[(\w+)", self.told)
        return code[1] if code else str(self.status)


def kinds(replies: Sequence[Reply]) -> str:
    """Return how many answers of each kind there were."""
    found = sorted({reply.kind for reply in replies})
    return ", ".join(f"{sum(r.kind == kind for r in replies)} {kind}" for kind in found)


def slowest(replies: Sequence[Reply]) -> float:
    """Return the time of the slowest answer."""
    return max(reply.seconds for reply in replies)


def p95(replies: Sequence[Reply]) -> float:
    """Return the time within which 95 of 100 answers came."""
    return sorted(reply.seconds for reply in replies)[int(len(replies) * 0.95)]
