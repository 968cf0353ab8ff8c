"""Why a database lets nobody in, in words of our own: the driver's text repeats the DSN."""

from __future__ import annotations


def reason(error: Exception) -> str:
    """Return what keeps the connection from opening; it ends a sentence and names no secret."""
    text = str(error)
    return next((words for part, words in _REASONS.items() if part in text), _UNKNOWN)


_UNKNOWN = "no connection could be made"
_REASONS = {
    "authentication failed": "the password is wrong, or the role is not there",
    "does not exist": "there is no such database or role",
    "not permitted to log in": "the role may not log in",
    "too many connections": "too many connections",
    "no pg_hba.conf entry": "its pg_hba.conf lets nobody in from here",
    "no password supplied": "the password is missing",
    "does not support SSL": "it speaks no TLS, which sslmode asks for",
    "certificate": "its certificate is not the one that sslmode asks for",
    "the database system is": "it is just starting or stopping",
    "Connection refused": "nothing listens on that host and port",
    "timeout expired": "no answer within 5 seconds",
    "could not translate host name": "the host's name is unknown here",
}
