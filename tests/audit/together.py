"""A worker of the concurrency tests: opens rows for Alice on many threads, says who may go on.

Run as ``python -m tests.audit.together THREADS CONCURRENT PER_MINUTE``; starts at a line on stdin.
With no words, on PostgreSQL: says how many run in the eyes of a call whose elder commits late.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import django


def main(threads: int, concurrent: int, per_minute: int) -> None:
    """Print one line for each call: ``in``, or the reason of the limit that kept it out."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import AccessPolicy, AnalystToken
    from audit.models import Outcome
    from audit.services import Answered, Asked, close_query, open_query
    from audit.usage import refusal, usage

    token = AnalystToken.objects.select_related("user").get()
    limits = replace(
        AccessPolicy(name="p").limits,
        concurrent_queries=concurrent,
        queries_per_minute=per_minute,
    )
    asked = Asked(token.user_id, "alice", token.pk, "query", "{}")
    barrier = Barrier(threads)

    def call(number: int) -> str:
        connection.ensure_connection()
        barrier.wait()
        query_id = open_query(asked)
        now = timezone.now()
        refused = refusal(limits, usage(token.user_id, now, query_id), now)
        if refused:
            close_query(query_id, asked, Answered(Outcome.REFUSED, refused.reason))
        connection.close()
        return refused.reason if refused else "in"

    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        print(*pool.map(call, range(threads)), sep="\n")


def late_commit() -> None:
    """Print what a call counts that was opened after a row which is not committed yet."""
    from django.db import connection, transaction
    from django.utils import timezone

    from accounts.models import AnalystToken
    from audit.services import Asked, open_query
    from audit.usage import usage

    token = AnalystToken.objects.get()
    asked = Asked(token.user_id, "alice", token.pk, "query", "{}")

    def younger() -> int:
        counted = usage(token.user_id, timezone.now(), open_query(asked))
        connection.close()
        return counted.running

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            open_query(asked)
            counting = pool.submit(younger)
            while not (counting.done() or _somebody_waits()):
                pass
        print(counting.result())


def _somebody_waits() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchall()[0][0])


if __name__ == "__main__":
    django.setup()
    words = list(map(int, sys.argv[1:]))
    main(*words) if words else late_commit()
