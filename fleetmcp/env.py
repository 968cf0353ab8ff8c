"""Strict readers of environment variables: the only place that reads ``os.environ``.

Every reader names the variable when it refuses, and never prints a value: a value may be a secret.
"""

from __future__ import annotations

import os
import re
from ipaddress import IPv6Address
from pathlib import Path
from typing import TypedDict

import psycopg2
from psycopg2.extensions import parse_dsn


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
    """Return the variable with surrounding blanks removed, or the default when unset or empty.

    Raises BadSetting for bytes that are not UTF-8, which Python hands on as lone surrogates.
    """
    text = os.environ.get(name, "").strip()
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadSetting(f"{name} holds bytes that are not UTF-8.") from None
    return text or default


def env_bool(name: str, default: bool) -> bool:
    """Return True or False for exactly those words; raise BadSetting for any other text."""
    text = env_str(name, str(default))
    if text not in ("True", "False"):
        raise BadSetting(f"{name} must be True or False.")
    return text == "True"


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return the variable if it is one of the words; raise BadSetting otherwise."""
    text = env_str(name, default)
    if text not in choices:
        raise BadSetting(f"{name} must be one of {', '.join(choices)}.")
    return text


def env_int(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return the variable as an integer within [minimum, maximum]; raise BadSetting otherwise."""
    text = env_str(name, str(default))
    # int() itself would also take 1_000, other scripts' digits and, slowly, a thousand of them.
    if not re.fullmatch("-?[0-9]{1,18}", text) or not minimum <= int(text) <= maximum:
        raise BadSetting(f"{name} must be a whole number from {minimum} to {maximum}.")
    return int(text)


def env_list(name: str, default: str = "") -> list[str]:
    """Return the comma-separated words of the variable, blanks and empty ones removed."""
    return [word.strip() for word in env_str(name, default).split(",") if word.strip()]


def env_secret(name: str) -> str:
    """Return the variable, or the stripped content of the file named by ``<name>_FILE``, or ""."""
    file = env_str(f"{name}_FILE")
    if not file:
        return env_str(name)
    if env_str(name):
        raise BadSetting(f"Set either {name} or {name}_FILE, not both.")
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BadSetting(f"The file that {name}_FILE names can't be read.") from None
    if not secret:
        raise BadSetting(f"The file that {name}_FILE names is empty.")
    return secret


def secret_file(name: str) -> Path | None:
    """Return the file that ``<name>_FILE`` names, if one is named and there."""
    file = env_str(f"{name}_FILE")
    return Path(file) if file and Path(file).exists() else None


def public_url(name: str, default: str) -> str:
    """Return the origin under which clients reach us, as browsers write it; raise BadSetting.

    That is lower case, without the scheme's own port: it is compared with Host and Origin.
    """
    text = env_str(name, default)
    if "@" in text:
        raise BadSetting(f"{name} must not carry a user name or password.")
    found = _ORIGIN.fullmatch(text.lower()) if text.isascii() else None
    if found is None or not _is_host(found["host"]) or not _is_port(found["port"] or "1"):
        raise BadSetting(
            f"{name} must be an address without a path, such as https://fleetmcp.example.com."
        )
    scheme, host, port = found["scheme"], found["host"], int(found["port"] or 0)
    return f"{scheme}://{host}" + (f":{port}" if port not in (0, _OWN_PORT[scheme]) else "")


def postgres_dsn(name: str, text: str) -> DatabaseConfig:
    """Turn ``postgresql://user:password@host:5432/dbname?sslmode=require`` into Django's words.

    ``name`` is the variable that the text came from, for the error. libpq's own parser reads it,
    so that what we show and check is what PostgreSQL's library would connect to. Several hosts
    with commas between are tried in order, or as ``target_session_attrs`` and
    ``load_balance_hosts`` say. Raises BadSetting.
    """
    words = _libpq_words(name, text)
    missing = [word for word in ("user", "dbname") if not words.get(word)]
    if missing:
        raise BadSetting(f"{name} lacks {' and '.join(missing)}. {_DSN_FORM}")
    host, port = words.pop("host", ""), words.pop("port", "")
    if not port.strip(","):  # for several hosts without a port libpq says ","
        port = ""
    hosts, ports = host.split(","), port.split(",") if port else []
    if "@" in host or not all(map(_is_port, ports)) or (len(hosts) > 1 and not all(hosts)):
        raise BadSetting(f"{name} must name its hosts and ports from 1 to 65535. {_DSN_FORM}")
    if len(ports) not in (0, 1, len(hosts)):
        raise BadSetting(f"{name} must give each host a port, or one for all. {_DSN_FORM}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": words.pop("dbname"),
        "USER": words.pop("user"),
        "PASSWORD": words.pop("password", ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": words,
    }


def _libpq_words(name: str, text: str) -> dict[str, str]:
    """Return what libpq reads in the URL. Its errors quote the text, so none gets through."""
    # The C string would end at a NUL; unprintable characters are a slip of copy and paste.
    if not text.startswith(("postgresql://", "postgres://")) or not text.isprintable():
        raise BadSetting(f"{name} is not a PostgreSQL URL. {_DSN_FORM}")
    try:
        words = parse_dsn(text)
    except (psycopg2.Error, ValueError):
        raise BadSetting(f"{name} can't be read as a PostgreSQL URL. {_DSN_FORM}") from None
    options = {word: value for word, value in words.items() if word != "password"}
    if not all(value and value.isprintable() for value in options.values()):
        raise BadSetting(f"{name} holds an empty or unprintable part. {_DSN_FORM}")
    return words


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 1 <= int(text) <= 65535


def _is_host(text: str) -> bool:
    """Say whether Django would take it as a host: no wildcard, which ALLOWED_HOSTS would obey."""
    if not text.startswith("["):
        return all(_LABEL.fullmatch(label) for label in text.split("."))
    try:
        return text == f"[{IPv6Address(text[1:-1])}]"
    except ValueError:
        return False


_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/*"
)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_OWN_PORT = {"http": 80, "https": 443}
_DSN_FORM = (
    "Write postgresql://analytics_ro:<password>@<host>:5432/<database>, with special characters "
    "of the password percent-encoded."
)
