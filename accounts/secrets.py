"""The shape of a token: ``fmcp_``, 43 random base62 characters, a checksum of 6.

OAuth's tokens have the same shape; they start with ``fmco_`` (access) and ``fmcr_`` (refresh).

The prefix lets secret scanners recognise a leaked token, the checksum tells a typing error from an
unknown token without asking the database. 62**43 is a little more than 2**256.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from hashlib import sha256

PREFIX = "fmcp_"
ACCESS_PREFIX = "fmco_"
REFRESH_PREFIX = "fmcr_"
MAX_LENGTH = 512
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH = 43
_CHECKSUM_LENGTH = 6
_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}")
_SHOWN_RANDOM = 6
_SHOWN_FOREIGN = 4


def make_token(prefix: str = PREFIX) -> str:
    """Return a new token with at least 256 random bits."""
    body = prefix + "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def digest(token: str) -> str:
    """Return the SHA-256 of the token as 64 hex digits: the only form in which it is stored."""
    return sha256(token.encode()).hexdigest()


def looks_mistyped(token: str) -> bool:
    """Return True for a text that starts like one of our tokens but can't be one."""
    if not token.startswith(PREFIX):
        return False
    body, checksum = token[:-_CHECKSUM_LENGTH], token[-_CHECKSUM_LENGTH:]
    return not _SHAPE.fullmatch(token) or _checksum(body) != checksum


def shown_prefix(token: str) -> str:
    """Return the start of the token that lists may show.

    A token from elsewhere may be short, so less of it is shown.
    """
    return token[: len(PREFIX) + _SHOWN_RANDOM if token.startswith(PREFIX) else _SHOWN_FOREIGN]


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, rest = divmod(number, len(_BASE62))
        digits = _BASE62[rest] + digits
    return digits
