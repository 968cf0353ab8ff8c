"""A worker of the search tests, on the app database of its environment.

Run as ``python -m tests.audit.searching CASE``; prints JSON.
"""

from __future__ import annotations

import json
import sys

import django

PIECES = ("common words here", 'it\'s 100% "odd" a_b \\ $1', "Rare NEEDLE", "a\nb <tag>", "Straße")


def main(case: str) -> None:
    """Print what the case finds."""
    print(
        json.dumps(
            {"texts": texts, "plan": plan, "index": index, "filled": filled, "signs": signs}[case]()
        )
    )


def texts() -> dict[str, list[int]]:
    """Return, for each search, the numbers of the pieces that it finds; far back and near."""
    from audit.admin import newest

    newest._FIRST = newest._NEXT = 7
    _rows(40)
    searches = [
        "common", "COMMON", '"common words"', '"words common"', "words common", "it's", "100%",
        '"100% "', "a_b", "axb", '"odd"', "needle", "rare needle", "needle nothing", "<tag>",
        "a\nb <tag>", "here' OR '1'='1", 'quo"te', "*", "needle*", "straße", "zzz", "ab",
    ]  # fmt: skip
    return {words: sorted({pk % len(PIECES) for pk in _found(q=words)}) for words in searches} | {
        "with filters": _found(q="needle", outcome="running", tool="x")[:3],
        "complete": [len(_found(q="needle"))],
    }


def plan() -> dict[str, object]:
    """Return whether the index is there and the planner uses it."""
    from django.db import connection

    from audit import search
    from audit.models import QueryLog

    _rows(10)
    rows = QueryLog.objects.filter(search.contains(["needle"])).order_by()
    if connection.vendor == "sqlite":
        rows = QueryLog.objects.filter(search.within(["needle"], 0, 10))
        return {"indexed": search.is_indexed(), "plan": rows.explain()}
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    return {"indexed": search.is_indexed(), "plan": rows.explain()}


def signs() -> dict[str, int]:
    """Return how many statements of each search could use PostgreSQL's index."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from audit.admin import newest

    newest._FIRST = newest._NEXT = 7
    _rows(40)
    found = {}
    for words in ("%%%", '"a = b"', "---", "needle", "needle %%%"):
        with CaptureQueriesContext(connection) as captured:
            _found(q=words)
        found[words] = sum('UPPER("audit_querylog"."sql"' in one["sql"] for one in captured)
    return found


def index() -> dict[str, int]:
    """Return what the index finds after rows went, after it was lost, and after it came back."""
    from django.db import connection

    from audit import search
    from audit.models import QueryLog
    from audit.triggers import drop_triggers

    drop_triggers(using="default")
    _rows(10)
    found = {"all": len(_found(q="needle"))}
    QueryLog.objects.filter(pk__lte=5).delete()
    found["after deletion"] = len(_found(q="needle"))
    with search.set_aside():
        _rows(10)
    found["after a mass"] = len(_found(q="needle"))
    search.install()
    search.install()
    found["installed twice"] = len(_found(q="needle"))
    with connection.cursor() as cursor:
        is_lite = connection.vendor == "sqlite"
        cursor.execute("DROP TABLE audit_search" if is_lite else "DROP INDEX audit_search")
        if is_lite:
            for name in search.TRIGGERS:
                cursor.execute(f"DROP TRIGGER {name}")
    found["without an index"] = len(_found(q="needle"))
    search.install()
    found["indexed anew"] = len(_found(q="needle")) if search.is_indexed() else -1
    return found


def filled() -> dict[str, object]:
    """Return what a filled record holds."""
    from django.db.models import Count

    from audit.models import Event, QueryLog, TouchedObject
    from audit.triggers import missing_triggers

    rows = QueryLog.objects.order_by("pk")
    by_outcome = rows.order_by().values_list("outcome").annotate(Count("pk"))
    return {
        "outcomes": dict(by_outcome),
        "people": rows.order_by().values("user").distinct().count(),
        "first": [str(value) for value in rows.values_list("started_at", "sql", "rows")[0]],
        "in order": list(rows.values_list("pk", flat=True))
        == list(rows.order_by("started_at", "pk").values_list("pk", flat=True)),
        "touched": TouchedObject.objects.exists(),
        "events": Event.objects.filter(kind="signed_in").exists(),
        "triggers missing": missing_triggers(),
        "found": len(_found(q="reporting.v_trips", outcome="ok")) > 0,
    }


def _rows(number: int) -> None:
    from accounts.models import AnalystToken
    from audit.services import Asked, open_query

    token = AnalystToken.objects.get()
    for count in range(number):
        # Ids begin at 1, so that id % len(PIECES) is the piece's number.
        sql = PIECES[(count + 1) % len(PIECES)]
        open_query(Asked(token.user_id, "alice", token.pk, "query", "{}", sql=sql))


def _found(**words: str) -> list[int]:
    from django.http import QueryDict

    from accounts.models import User
    from audit.admin.filters import HistoryForm, wanted
    from audit.admin.newest import newest

    sue = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("sue")
    asked = QueryDict(mutable=True)
    asked.update(words)
    return newest(wanted(HistoryForm(asked, sue), sue)).ids


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1])
