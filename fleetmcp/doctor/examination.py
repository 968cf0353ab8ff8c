"""All checks in order, each safe from the others' failures and all within a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleetmcp.doctor import (
    app,
    clock,
    configuration,
    grants,
    keys,
    layers,
    reach,
    record,
    role,
    tokens,
    versions,
    web,
)
from fleetmcp.doctor.lines import Check, Level, Line, fail, warn

logger = logging.getLogger(__name__)

SUBJECTS: Mapping[str, tuple[Check, ...]] = {
    "Settings": (configuration.system_checks, keys.debug),
    "Analytics database": (reach.configured, reach.resolved, reach.connected, reach.readable),
    "Read-only layers": (
        layers.privileges,
        layers.role_default,
        layers.connection_default,
        layers.transaction,
        layers.guard,
        layers.override,
    ),
    "Role": (
        role.rights,
        role.temporary,
        role.elsewhere,
        role.side_effects,
        role.limits,
        role.connections,
    ),
    "Grants": (
        grants.schemas,
        grants.relations,
        grants.future,
        grants.others,
        grants.personal_data,
        grants.unlisted,
    ),
    "Versions": (versions.postgresql, versions.extensions),
    "App database": (
        app.kind,
        app.writable,
        app.durable,
        app.private,
        app.space,
        app.migrated,
    ),
    "Record": (record.append_only, record.chained, record.sealed, record.left_behind),
    "Tokens": (tokens.hygiene,),
    "Secrets": (keys.secret_key, keys.passwords, keys.files),
    "Clock": (clock.analytics, clock.application),
    "Way in": (web.public_url, web.proxies, web.certificate, web.door, web.static_files),
}


@dataclass(frozen=True)
class Finding:
    """One line, and the subject it belongs to."""

    subject: str
    line: Line


def examine(seconds: float = 120) -> Iterator[Finding]:
    """Yield what each check says as it comes; after that time the rest is only named."""
    deadline = time.monotonic() + seconds
    for subject, checks in SUBJECTS.items():
        for check in checks:
            if time.monotonic() > deadline:
                yield Finding(subject, _too_late(check))
                continue
            for line in _said(check):
                yield Finding(subject, line)


def _said(check: Check) -> list[Line]:
    """Return the lines of a check. Its failure is a line too: an error's text may hold a DSN."""
    try:
        return list(check())
    except Exception as error:  # whatever is broken, the other checks go on
        name = type(error).__name__
        logger.debug("The check %s failed", check.__name__, exc_info=error)
        sentence = (check.__doc__ or check.__name__).partition("\n")[0].rstrip(".")
        return [fail(f"Can't be checked ({name}): {sentence}.", "See the lines above.")]


def _too_late(check: Check) -> Line:
    sentence = (check.__doc__ or check.__name__).partition("\n")[0].rstrip(".")
    return warn(f"Not looked at, for lack of time: {sentence}.", "Run `manage.py doctor`.")


def is_sound(findings: list[Finding]) -> bool:
    """Say whether nothing failed."""
    return not any(finding.line.level is Level.FAIL for finding in findings)


def in_words(found: list[Finding]) -> str:
    """Return how many lines there are of each level."""
    count = {level: sum(one.line.level is level for one in found) for level in Level}
    return f"{count[Level.OK]} ok, {count[Level.WARN]} warnings, {count[Level.FAIL]} failures"
