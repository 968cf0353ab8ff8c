"""Secrets: long, our own, and read by nobody else. No value is ever shown."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from fleetmcp import env
from fleetmcp.doctor.lines import Line, fail, ok, warn

SECRETS = ("SECRET_KEY", "DATABASE_URL", "APP_DATABASE_URL", "MCP_AUTH_TOKENS")
# Words of examples, in documents and files that everybody can read.
EXAMPLES = ("check-only", "test-only", "only-to-collect", "change", "example", "insecure", "secret")
DIFFERENT = 12


def secret_key() -> Iterator[Line]:
    """Django's key is random and no example."""
    key = settings.SECRET_KEY
    make = "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if any(word in key.lower() for word in EXAMPLES):
        yield fail("SECRET_KEY is an example's.", make)
    elif len(key) < 40 or len(set(key)) < DIFFERENT:
        yield fail("SECRET_KEY is too short or too regular.", make)
    else:
        yield ok("SECRET_KEY is long and no example's.")


def passwords() -> Iterator[Line]:
    """So are the passwords of the databases."""
    renew = "Make it anew: delete the password file and run scripts/bootstrap_analytics_ro.sh."
    for name, alias in (("DATABASE_URL", "analytics_ro"), ("APP_DATABASE_URL", "default")):
        password = str(settings.DATABASES[alias].get("PASSWORD", ""))
        if not password:
            continue
        if len(password) < 16 or any(word in password.lower() for word in EXAMPLES):
            yield warn(f"The password in {name} is short, or an example's.", renew)
        else:
            yield ok(f"The password in {name} is long and no example's.")


def files() -> Iterator[Line]:
    """Files with secrets are closed to others, unless their folder is."""
    for name in SECRETS:
        path = env.secret_file(name)
        if path is not None:
            yield judged_file(f"The file of {name}_FILE", path)
    dotenv = settings.BASE_DIR / ".env"
    if dotenv.exists():
        yield judged_file("The file .env", dotenv)


def judged_file(what: str, path: Path) -> Line:
    """Say what we think of that file's mode."""
    mode = stat.S_IMODE(path.stat().st_mode)
    # Mounted by Docker as it is, for a user that only exists in the container.
    mounted = path.is_relative_to("/run/secrets")
    if mode & 0o022 or (mode & 0o044 and not mounted and _open(path.parent)):
        return warn(f"{what} can be read or changed by other accounts.", "chmod 600 it.")
    return ok(f"{what} is closed to other accounts.")


def _open(folder: Path) -> bool:
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o011)


def debug() -> Iterator[Line]:
    """DEBUG shows settings and SQL to whoever meets an error page."""
    if settings.DEBUG:
        yield fail("DEBUG is on.", "Unset DEBUG.")
    else:
        yield ok("DEBUG is off.")
