"""What the page of one query shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from audit.admin import showing
from audit.admin.filters import history_of
from audit.admin.timing import timing
from audit.admin.words import explained
from audit.models import ObjectKind, Outcome, QueryLog, Seal, TouchedObject

_SAME, _NEAR = 10, 5
_LISTED = (
    "id",
    "started_at",
    "outcome",
    "reason",
    "rows",
    "duration_ms",
    "sql",
    "user",
    "tool",
    "username",
)


@dataclass
class Touched:
    """A table with its columns, or a function; each with the address of who else read it."""

    name: str
    url: str
    direct: bool
    kind: str
    columns: list[tuple[str, str, bool]] = field(default_factory=list)


def context(row: QueryLog, viewer: User) -> dict[str, Any]:
    """Return what the template needs; related rows are those that the viewer may see."""
    known = row.outcome in Outcome
    return {
        "title": f"Query {row.pk}",
        "row": row,
        "outcome": Outcome(row.outcome).label if known else row.outcome,
        "explained": explained(row.outcome, row.reason),
        "started": showing.moment(row.started_at),
        "cancelled": showing.moment(row.cancel_requested_at),
        "then": showing.visible(row.username),
        "now": showing.visible(row.user.username),
        "cancelled_by": showing.visible(row.cancel_requested_by),
        "label": showing.visible(row.token.label) if row.token else "",
        "connected": showing.visible(row.connection.client_name) if row.connection else "",
        "tool": showing.visible(row.tool),
        "client": showing.visible(row.client),
        "request_id": showing.visible(row.request_id),
        "sql": showing.sql_html(row.sql),
        "original": showing.visible(row.sql),
        "hides": showing.hides(row.sql),
        "rest": f"{showing.MOST_SHOWN:,}" if showing.is_cut(row.sql, row.arguments) else "",
        "arguments": showing.json_html(row.arguments),
        "limits": _limits(row.limits),
        "timing": timing(row.waited_ms, row.database_ms, row.duration_ms),
        "took": showing.duration(row.duration_ms),
        "rows": "" if row.rows is None else f"{row.rows:,}",
        "touched": _touched(row),
        "seal": _seal_of(row.pk),
        "history": reverse("admin:audit_querylog_changelist"),
        **_related(row, history_of(viewer)),
    }


def _limits(text: str) -> list[tuple[str, Any]]:
    """Return names and values; what is no JSON object is one value."""
    try:
        limits = json.loads(text or "{}")
    except ValueError:
        limits = {"as recorded": text}
    if not isinstance(limits, dict):
        limits = {"as recorded": text}
    return [(showing.visible(k.replace("_", " ")), _value(v)) for k, v in limits.items()]


def _value(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return showing.visible(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _touched(row: QueryLog) -> list[Touched]:
    """Return what the query read: tables and functions by name, each table with its columns."""
    touches = TouchedObject.objects.filter(query=row).select_related("object")
    found: dict[tuple[str, str], Touched] = {}
    ordered = touches.order_by("object__schema", "object__name", "object__column")
    for touch in ordered:
        known = touch.object
        owner = f"{known.schema}.{known.name}"
        kind = ObjectKind.TABLE if known.kind == ObjectKind.COLUMN else ObjectKind(known.kind)
        whole = found.setdefault(
            (owner, kind),
            Touched(showing.visible(owner), _readers(owner), touch.direct, ObjectKind(kind).label),
        )
        if known.kind == ObjectKind.COLUMN:
            whole.columns.append(
                (showing.visible(known.column), _readers(str(known)), touch.direct)
            )
    return list(found.values())


def _readers(name: str) -> str:
    """Return the address of everybody's queries that read the object."""
    return f"{reverse('admin:audit_querylog_changelist')}?{urlencode({'object': name})}"


def _seal_of(query_id: int) -> Seal | None:
    """Return the seal that the query is under, or None as long as it is under none."""
    seals = Seal.objects.filter(last_query__gte=query_id).defer("leaves").order_by("last_query")
    return seals.filter(first_query__lte=query_id).first()


def _related(row: QueryLog, history: QuerySet[QueryLog]) -> dict[str, list[dict[str, Any]]]:
    """Return rows of the same statement, and the same person's before and after this one."""
    theirs = history.filter(user=row.user_id)
    same = history.filter(fingerprint=row.fingerprint).exclude(pk=row.pk)
    after = theirs.filter(pk__gt=row.pk).order_by("pk")
    return {
        "same": _lines(same[:_SAME]) if row.fingerprint else [],
        "before": _lines(theirs.filter(pk__lt=row.pk)[:_NEAR]),
        "after": list(reversed(_lines(after[:_NEAR]))),
    }


def _lines(rows: QuerySet[QueryLog]) -> list[dict[str, Any]]:
    return [_line(row) for row in rows.select_related("user").only(*_LISTED, "user__username")]


def _line(row: QueryLog) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": reverse("admin:audit_querylog_change", args=[row.pk]),
        "at": showing.moment(row.started_at),
        "who": showing.visible(row.username or row.user.username),
        "outcome": row.get_outcome_display(),
        "took": showing.duration(row.duration_ms),
        "rows": "–" if row.rows is None else f"{row.rows:,}",
        "text": showing.first_line(row.sql, 80) if row.sql else showing.visible(row.tool),
    }
