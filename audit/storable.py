"""What text a database takes."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    r"""Return the text with what no database takes (NUL, lone surrogates) spelled out as \uXXXX."""
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
