"""Everything of a server that a question could leave a trace in, as values to compare."""

from __future__ import annotations

from dataclasses import dataclass

from fleetmcp.analytics.connection import read_only
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import fingerprint
from tests.servers import FleetServer

# Statistics that autovacuum and ANALYZE write whenever they like.
MOVING = "relpages reltuples relallvisible relallfrozen relfrozenxid relminmxid".split()
CATALOGS = """
SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
  AND relname NOT IN ('pg_statistic', 'pg_statistic_ext_data', 'pg_database') ORDER BY relname
"""
# The whole catalog: objects, rights, roles with passwords, settings, large objects, subscriptions.
DIGEST = """
SELECT '{name}', coalesce(md5(string_agg(row, '' ORDER BY row)), '') FROM
  (SELECT (to_jsonb(t) - '{{{moving}}}'::text[])::text COLLATE "C" FROM pg_catalog.{name} t) r(row)
"""
SERVER = {
    "databases": "SELECT datname, datacl::text, datconnlimit FROM pg_database ORDER BY 1",
    "sequences": "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2",
    "settings": "SELECT name, setting, source FROM pg_settings WHERE name <> 'application_name'",
    "slots": "SELECT slot_name FROM pg_replication_slots",
    "prepared transactions": "SELECT gid FROM pg_prepared_xacts",
    "locks": "SELECT l.locktype, l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() ORDER BY 1, 2",
    "advisory locks": "SELECT pid, classid, objid FROM pg_locks WHERE locktype = 'advisory'",
    "temporary tables": "SELECT oid FROM pg_class WHERE relpersistence = 't'",
    "transactions": "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in%'",
}
SESSION = {
    "settings": "SELECT name, setting FROM pg_catalog.pg_settings WHERE name <> 'application_name'",
    "who": "SELECT session_user, current_user, current_schemas(true)::text",
    "prepared statements": "SELECT name FROM pg_prepared_statements",
    "cursors": "SELECT name FROM pg_cursors WHERE name <> ''",
    "channels": "SELECT pg_listening_channels()",
    "temporary schema": "SELECT pg_my_temp_schema()",
    "locks": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
}

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class State:
    """The server as its superuser sees it, its data, and the session as the next one finds it."""

    server: dict[str, Rows]
    data: dict[str, str]
    session: dict[str, Rows]

    def differences(self, later: State) -> list[str]:
        """Return a line for each thing that is not what it was; a new setting's name is none.

        A library that a function loads brings its own settings with it.
        """
        found = [
            f"{name}: {value} -> {now[name]}"
            for was, now in ((self.data, later.data),)
            for name, value in was.items()
            if now.get(name) != value
        ]
        for was, now in ((self.server, later.server), (self.session, later.session)):
            for name, rows in was.items():
                new = {str(row[0]) for row in now[name]} - {str(row[0]) for row in rows}
                ignored = new if name == "settings" else set()
                left = [row for row in now[name] if str(row[0]) not in ignored]
                if sorted(map(str, left)) != sorted(map(str, rows)):
                    odd = set(map(str, left)) ^ set(map(str, rows))
                    found.append(f"{name}: {sorted(odd)[:6]}")
        return found


def state_of(server: FleetServer) -> State:
    """Look at everything, from outside and from the engine's own session."""
    catalogs = [str(name) for (name,) in server.ask(CATALOGS)]
    moving = ",".join(MOVING)
    digests = " UNION ALL ".join(DIGEST.format(name=name, moving=moving) for name in catalogs)
    seen = {name: server.ask(question) for name, question in SERVER.items()}
    data = fingerprint(server) | {str(name): str(digest) for name, digest in server.ask(digests)}
    with read_only(Ticket("bob", "state"), limits_for(1), ("public",)) as session:
        found = {name: session.run(question) for name, question in SESSION.items()}
    return State(seen, data, found)
