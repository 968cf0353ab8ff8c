"""Whether two databases hold the same rows: one digest per relation."""

from psycopg2 import sql

from scripts.demo_db.load import DATABASE
from scripts.demo_db.session import Server, session

RELATIONS = """
    SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname IN ('tracksolid', 'reporting') AND c.relkind IN ('r', 'p', 'v', 'm')
       AND a.attgenerated = ''
     GROUP BY 1, 2 ORDER BY 1, 2
"""
# Ordered by the row's digest: no key has to be known, and equal length sorts fast.
DIGEST = """
    SELECT count(*) || ' ' || coalesce(md5(string_agg(digest, '' ORDER BY digest)), '-')
      FROM (SELECT md5(row({columns})::text) COLLATE "C" AS digest FROM {relation}) rows
"""


def fingerprint(server: Server, dbname: str = DATABASE) -> dict[str, str]:
    """Rows and md5 over all rows of each table and view; generated columns (geom) left out."""
    with session(server, dbname) as cursor:
        cursor.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'; SET work_mem = '256MB'")
        cursor.execute(RELATIONS)
        found: dict[str, str] = {}
        for schema, name, columns in cursor.fetchall():
            listed = sql.SQL(", ").join(map(sql.Identifier, columns))
            relation = sql.Identifier(schema, name)
            cursor.execute(sql.SQL(DIGEST).format(columns=listed, relation=relation))
            row = cursor.fetchone()
            found[f"{schema}.{name}"] = row[0] if row else ""
    return found
