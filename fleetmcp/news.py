"""Is a connection to PostgreSQL still good, without asking the server."""

from __future__ import annotations

import select
from typing import Any


def has_news(raw: Any) -> bool:
    """Say whether the server said something while nobody asked: that is how it says goodbye.

    Costs no round trip; a connection that died without a word fails its next statement instead.
    """
    return bool(raw.closed) or bool(select.select([raw.fileno()], [], [], 0)[0])
