"""The most read, the most asked, the slowest, the most frequent reasons: ten of each."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from audit.charts import bar
from audit.hidden import visible
from audit.models import CatalogObject, QueryLog
from audit.reports import links
from audit.reports.figures import FINGERPRINTS, SLOWEST, Figures
from audit.reports.periods import Period
from audit.reports.tables import Row, Table, counted, seconds, shortened

MOST = 10


def tops(period: Period, total: Figures, people: QuerySet[User]) -> list[Table]:
    """Return the four tables; ``people`` are those whose statements the viewer may see."""
    return [
        _objects(period, total),
        _fingerprints(period, total, people),
        _slowest(total),
        _reasons(period, total),
    ]


def _objects(period: Period, total: Figures) -> Table:
    top = total.objects.most_common(MOST)
    things = CatalogObject.objects.in_bulk([int(key) for key, _ in top])
    rows = [
        _row(str(thing), links.history(period, thing=thing), n, top[0][1])
        for key, n in top
        if (thing := things.get(int(key)))
    ]
    label = "Most read tables and functions"
    return Table("objects", label, ("Table or function", "", "Queries"), rows)


def _fingerprints(period: Period, total: Figures, people: QuerySet[User]) -> Table:
    top = total.fingerprints.most_common(MOST)
    rows = [
        _row(_example(one, people), links.history(period, fingerprint=one), n, top[0][1])
        for one, n in top
    ]
    note = (
        "Statements that differ in constants and layout only are one. Counted from the "
        f"{FINGERPRINTS} most frequent ones of each person and day."
    )
    heads = ("Newest example", "", "Queries")
    return Table("statements", "Most asked statements", heads, rows, note, code=True)


def _example(fingerprint: str, people: QuerySet[User]) -> str:
    """Return the beginning of these people's newest statement with that fingerprint."""
    rows = QueryLog.objects.filter(fingerprint=fingerprint, user__in=people.values("pk"))
    sql = rows.order_by("-pk").values_list("sql", flat=True).first()
    return shortened(sql) if sql else f"Statement {fingerprint}, whose rows are pruned"


def _slowest(total: Figures) -> Table:
    rows = QueryLog.objects.in_bulk([query for _, query in total.slowest])
    most = total.slowest[0][0] if total.slowest else 0
    lines = [
        Row(
            shortened(row.sql or row.tool),
            links.query(query),
            (bar(ms, most), seconds(ms), visible(row.username)),
        )
        for ms, query in total.slowest
        if (row := rows.get(query))
    ]
    note = (
        f"At most {SLOWEST} of each person and day. The two times at the top of the page are "
        "right to about 10 %."
    )
    heads = ("Query", "", "Took", "Person")
    return Table("slowest", "Slowest", heads, lines, note, code=True)


def _reasons(period: Period, total: Figures) -> Table:
    top = total.reasons.most_common(MOST)
    rows = [_row(reason, links.history(period, reason=reason), n, top[0][1]) for reason, n in top]
    return Table("reasons", "Most frequent reasons", ("Why it failed", "", "Queries"), rows)


def _row(name: str, link: str, value: int, most: int) -> Row:
    return Row(name, link, counted(value, most, link))
