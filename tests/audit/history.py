"""A little history in the past, written by the verbs that write it every day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.utils import timezone

from accounts.models import AnalystToken, User
from accounts.services import issue_token
from audit.models import Outcome
from audit.services import Answered, Asked, close_query, open_query
from audit.touched import Touch


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the clock of this process stand still at that moment."""
    with patch.object(timezone, "now", return_value=moment):
        yield


def days_ago(days: int, hour: int = 12) -> datetime:
    """Return that hour of that day, in UTC."""
    day = datetime.now(UTC) - timedelta(days=days)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def ask(
    person: User,
    moment: datetime,
    *,
    sql: str = "SELECT 1",
    outcome: Outcome = Outcome.OK,
    reason: str = "",
    rows: int | None = 1,
    ms: int = 100,
    fingerprint: str = "",
    touched: tuple[Touch, ...] = (),
) -> int:
    """Let the person ask at that moment, and return the query's id."""
    with at(moment):
        asked = Asked(person.pk, person.username, _token(person).pk, "query", "{}", sql)
        query = open_query(asked)
        answered = Answered(outcome, reason, rows=rows, duration_ms=ms)
        answered.touched, answered.fingerprint = touched, fingerprint
        close_query(query, asked, answered)
    return query


def _token(person: User) -> AnalystToken:
    return person.tokens.first() or issue_token(user=person, label="laptop").token
