"""An authenticator app."""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import b32decode


def code_of(key: str, moment: float) -> str:
    """Return what an authenticator app shows for that key at that moment (RFC 6238)."""
    padded = key + "=" * (-len(key) % 8)
    digest = hmac.new(b32decode(padded), struct.pack(">Q", int(moment) // 30), hashlib.sha1)
    raw = digest.digest()
    offset = raw[-1] & 15
    number = struct.unpack(">I", raw[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
