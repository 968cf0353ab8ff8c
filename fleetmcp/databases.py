"""The entries of ``DATABASES``: what every connection is opened with, whoever asks."""

from __future__ import annotations

from typing import Any

from fleetmcp import env

_TCP = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}

# What every session has: as startup options, to which DISCARD ALL returns, and again in each
# transaction, because a pooler may drop startup options.
ANALYTICS_SESSION = {
    "default_transaction_read_only": "on",
    "TimeZone": "UTC",
    "DateStyle": "ISO,MDY",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_connection_check_interval": "1000",
}

# The server must read strings exactly as the guard's parser does.
_LEXER = {"standard_conforming_strings": "on", "backslash_quote": "safe_encoding"}


def postgres_app(url: str) -> dict[str, Any]:
    """Return the entry for tokens and audit in the PostgreSQL that APP_DATABASE_URL names.

    Raises BadSetting.
    """
    config = env.postgres_dsn("APP_DATABASE_URL", url)
    # A connection that went silent would keep its thread for a quarter of an hour.
    config["OPTIONS"] = {**_TCP, **config["OPTIONS"]}
    # A pooler in transaction mode keeps no cursor from one transaction to the next.
    return {**config, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}


def sqlite_app(file: str) -> dict[str, Any]:
    """Return the entry for tokens and audit in that file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            # FULL: an audit row that was acknowledged survives a power cut, not only a crash.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def analytics(url: str) -> dict[str, Any]:
    """Return the analytics entry, a dummy without DATABASE_URL: one connection per engine thread.

    Raises BadSetting.
    """
    if not url:
        return {"ENGINE": "django.db.backends.dummy"}
    config = env.postgres_dsn("DATABASE_URL", url)
    pinned = {**ANALYTICS_SESSION, **_LEXER}
    startup = " ".join(f"-c {name}={value}" for name, value in pinned.items())
    options: dict[str, Any] = {
        "connect_timeout": "5",
        "keepalives_idle": "30",
        **config["OPTIONS"],
        "application_name": "fleetmcp",
        "client_encoding": "UTF8",
        "options": startup,
    }
    return {
        **config,
        "OPTIONS": options,
        "CONN_MAX_AGE": None,
        "TIME_ZONE": "UTC",
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "TEST": {"MIGRATE": False},
    }
