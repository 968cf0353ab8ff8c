"""Strict readers of environment variables: the only place that reads ``os.environ``.

Every reader names the variable when it refuses, and never prints a value: a value may be a secret.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypedDict
from urllib.parse import parse_qsl, unquote, urlsplit


class BadSetting(Exception):
    """An environment variable is missing or malformed. The text names it and says what to set."""


class DatabaseConfig(TypedDict):
    """The part of a Django ``DATABASES`` entry that a DSN says."""

    ENGINE: str
    NAME: str
    USER: str
    PASSWORD: str
    HOST: str
    PORT: str
    OPTIONS: dict[str, str]


def env_str(name: str, default: str = "") -> str:
    """Return the variable with surrounding blanks removed, or the default when unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    """Return True or False for exactly those words; raise BadSetting for any other text."""
    text = env_str(name, str(default))
    if text not in ("True", "False"):
        raise BadSetting(f"{name} must be True or False.")
    return text == "True"


def env_int(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return the variable as an integer within [minimum, maximum]; raise BadSetting otherwise."""
    text = env_str(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number from {minimum} to {maximum}.") from None
    if not minimum <= value <= maximum:
        raise BadSetting(f"{name} must be from {minimum} to {maximum}.")
    return value


def env_list(name: str, default: str = "") -> list[str]:
    """Return the comma-separated words of the variable, blanks and empty ones removed."""
    return [word.strip() for word in env_str(name, default).split(",") if word.strip()]


def env_secret(name: str) -> str:
    """Return the variable, or the stripped content of the file that ``<name>_FILE`` names, or ""."""
    file = env_str(f"{name}_FILE")
    if not file:
        return env_str(name)
    if env_str(name):
        raise BadSetting(f"Set either {name} or {name}_FILE, not both.")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BadSetting(f"The file that {name}_FILE names can't be read.") from None


def public_url(name: str, default: str) -> str:
    """Return the origin (scheme, host, port) under which clients reach us; raise BadSetting."""
    text = env_str(name, default).rstrip("/")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise BadSetting(f"{name} must be an origin such as https://fleetmcp.example.com.")
    if "@" in parts.netloc:
        raise BadSetting(f"{name} must not carry a user name or password.")
    return text


def postgres_dsn(name: str, text: str) -> DatabaseConfig:
    """Turn ``postgresql://user:password@host:5432/dbname?sslmode=require`` into Django's words.

    ``name`` is the variable that the text came from, for the error. Raises BadSetting.
    """
    try:
        parts = urlsplit(text)
        port = str(parts.port or "")
    except ValueError:
        raise BadSetting(f"{name} is not a URL. {_DSN_FORM}") from None
    database = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not database or not parts.username:
        raise BadSetting(f"{name} lacks a scheme, a user or a database. {_DSN_FORM}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


_DSN_FORM = "Write postgresql://analytics_ro:<password>@<host>:5432/<database>."
