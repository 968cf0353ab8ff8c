"""The guard's table: statements with their verdict. A found bypass becomes a row here first."""

from __future__ import annotations

from fleetmcp.analytics.errors import Code

# Every one of these must run on the demo database.
ACCEPTED = """
SELECT 1
select 1;
SELECT 1; ;
/* a comment first */ SELECT 1
SELECT 1 -- and one at the end
SELECT 1 /* block /* nested */ comment */
SELECT
VALUES (1, 'a'), (2, 'b')
TABLE reporting.cost_centres
(SELECT 1)
((SELECT 1) UNION ALL (SELECT 2)) ORDER BY 1 LIMIT 1
SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3
SELECT count(*) FROM reporting.v_daily_summary
SELECT * FROM devices
SELECT count(*) FROM v_trips
SELECT d.imei FROM tracksolid.devices d LIMIT 3
SELECT d.* FROM tracksolid.devices AS d LIMIT 3
SELECT tracksolid.devices.imei FROM tracksolid.devices LIMIT 1
SELECT (d).imei FROM tracksolid.devices d LIMIT 1
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n
WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a
WITH pg_class AS (SELECT 1 AS x) SELECT x FROM pg_class
WITH devices AS (SELECT 1 AS x) SELECT x FROM devices
SELECT 'delete from x; drop table y' AS "update"
SELECT $$insert into x$$ AS q, $tag$ ; commit; $tag$ AS r
SELECT E'it\\'s -- not a comment' AS x
SELECT U&'d\\0061t\\+000061' AS x
SELECT '/* not a comment */' AS x
SELECT 1 AS "drop table x; --"
SELECT 5 % 2 AS "100%"
SELECT 'limit' AS limit_word LIMIT 1
SELECT 1 FETCH FIRST ROW ONLY
SELECT 1 OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
SELECT imei FROM tracksolid.devices ORDER BY imei FETCH FIRST 2 ROWS WITH TIES
SELECT DISTINCT ON (imei) imei, gps_time FROM tracksolid.position_history ORDER BY imei, gps_time DESC
SELECT imei, rank() OVER (PARTITION BY imei ORDER BY gps_time) FROM tracksolid.position_history LIMIT 5
SELECT sum(speed) OVER w FROM tracksolid.position_history WINDOW w AS (ORDER BY gps_time ROWS 3 PRECEDING) LIMIT 5
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY speed) FROM tracksolid.position_history
SELECT count(*) FILTER (WHERE speed > 80) FROM tracksolid.position_history
SELECT cost_centre, sum(distance_km) FROM reporting.v_daily_summary GROUP BY ROLLUP (cost_centre) HAVING sum(distance_km) > 0
SELECT cost_centre, city, grouping(cost_centre, city) FROM reporting.v_daily_summary GROUP BY GROUPING SETS ((cost_centre), (city), ())
SELECT CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END, CASE 2 WHEN 2 THEN 1 END
SELECT coalesce(NULL, 1), nullif(1, 2), greatest(1, 2), least(1, 2)
SELECT 1 IN (1, 2), 1 = ANY (ARRAY[1, 2]), 1 <> ALL (SELECT 2), EXISTS (SELECT 1)
SELECT (1, 2) = (1, 2), ROW(1, 'a'), (ARRAY[1, 2, 3])[2], (ARRAY[1, 2, 3])[1:2]
SELECT 3 BETWEEN 1 AND 5, 3 NOT BETWEEN SYMMETRIC 5 AND 1, 1 IS DISTINCT FROM 2
SELECT 'abc' LIKE 'a%', 'abc' ILIKE 'A%' ESCAPE '!', 'abc' SIMILAR TO '(a|b)%', 'abc' ~* 'B'
SELECT now(), current_date, current_timestamp(3), localtime, current_user, current_catalog
SELECT clock_timestamp(), statement_timestamp(), timeofday()
SELECT extract(dow FROM now()), date_part('hour', now()), date_trunc('day', now())
SELECT now() AT TIME ZONE 'Africa/Nairobi', timestamptz '2026-01-01 00:00+03'
SELECT now() - interval '30 days', interval '1' day, make_interval(days => 3), age(now(), now())
SELECT date '2026-01-01' + 3, date_bin('15 minutes', now(), '2000-01-01'), to_char(now(), 'YYYY-MM')
SELECT '1'::int, CAST('2.5' AS numeric(4, 2)), '{1,2}'::int[], 'x'::varchar(3), 1::text::bytea
SELECT overlay('abc' placing 'x' from 2), position('b' in 'abc'), substring('abc' from 1 for 2), trim(both 'x' from 'xax')
SELECT (now(), now()) OVERLAPS (now(), interval '1 day')
SELECT 'a' COLLATE "C", collation for ('a'::text), pg_typeof(1)::text, pg_column_size(1), pg_size_pretty(1024::bigint)
SELECT string_agg(imei, ',' ORDER BY imei DESC), array_agg(DISTINCT imei) FROM tracksolid.devices
SELECT json_build_object('a', 1), jsonb_agg(d) FROM tracksolid.devices d
SELECT '{"a": [1, 2]}'::jsonb -> 'a' ->> 0, '{"a": 1}'::jsonb @> '{}', jsonb_path_query_first('{"a": 1}', '$.a')
SELECT row_to_json(d) FROM tracksolid.devices d LIMIT 1
SELECT * FROM jsonb_to_recordset('[{"a": 1}]') AS t(a int, b text)
SELECT * FROM generate_series(1, 3) AS g(i), LATERAL (SELECT g.i * 2) AS x
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS t(a, b)
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS t(a, b)
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS t(a, b)
SELECT * FROM regexp_matches('a1b2', '[0-9]', 'g') AS m
SELECT * FROM reporting.fn_live_positions() LIMIT 2
SELECT * FROM fn_cost_centre_distance(current_date - 30, current_date)
SELECT * FROM tracksolid.position_history TABLESAMPLE BERNOULLI (1) REPEATABLE (7) LIMIT 3
SELECT count(*) FROM tracksolid.position_history TABLESAMPLE SYSTEM (10)
SELECT * FROM tracksolid.devices a JOIN tracksolid.trips b USING (imei) LIMIT 1
SELECT * FROM tracksolid.devices a LEFT JOIN tracksolid.trips b ON b.imei = a.imei LIMIT 1
SELECT count(*) FROM tracksolid.devices NATURAL JOIN tracksolid.live_positions
SELECT count(*) FROM ONLY tracksolid.devices
SELECT table_name FROM information_schema.tables WHERE table_schema = 'reporting'
SELECT column_name FROM information_schema.columns WHERE table_name = 'devices'
SELECT random() < 2, gen_random_uuid() IS NOT NULL, md5('a'), sha256('a'::bytea), version() IS NOT NULL
SELECT xmlelement(name a, 'x'), xpath('/a/text()', '<a>1</a>'::xml)
SELECT * FROM XMLTABLE('/a/b' PASSING xml '<a><b>1</b></a>' COLUMNS b int PATH '.')
SELECT 1 OPERATOR(pg_catalog.+) 2
SELECT imei FROM tracksolid.devices ORDER BY imei USING <
SELECT ctid, xmin, tableoid FROM tracksolid.devices LIMIT 1
SELECT NULL::tracksolid.devices
SELECT to_tsvector('english', 'fleet') @@ to_tsquery('fleet'), lag(1) OVER ()
SELECT bool_and(true), every(true), corr(1, 2), stddev(1), mode() WITHIN GROUP (ORDER BY 1)
SELECT width_bucket(5, 0, 10, 5), round(2.5), div(7, 2), mod(7, 2), sqrt(2), ln(2), pi(), degrees(1)
SELECT pg_input_is_valid('1x', 'integer'), '0/1'::pg_lsn
SELECT 'Grüße, 世界 🚚' AS "ключ"
SELECT q.system, q.bernoulli FROM (SELECT 1 AS system, 2 AS bernoulli) q
SELECT q.version, q.name, q.date, q.text, q.max, q.count FROM (SELECT 1 AS version, 2 AS name, 3 AS date, 4 AS text, 5 AS max, 6 AS count) q
WITH RECURSIVE s(a, b) AS (SELECT 1, 2 UNION ALL SELECT a + 1, b FROM s WHERE a < 4) SEARCH DEPTH FIRST BY a SET ord SELECT * FROM s ORDER BY ord
WITH RECURSIVE s(a, b) AS (SELECT 1, 2 UNION ALL SELECT (a % 3) + 1, b FROM s) CYCLE a SET looped TO true DEFAULT false USING path SELECT * FROM s
SELECT avg(speed) OVER (ORDER BY gps_time RANGE BETWEEN interval '10 minutes' PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM tracksolid.position_history LIMIT 5
SELECT sum(speed) OVER (ORDER BY gps_time GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM tracksolid.position_history LIMIT 5
SELECT * FROM ROWS FROM (json_to_recordset('[{"a":1}]') AS (a int), generate_series(1, 2)) AS z
SELECT cost_centre FROM reporting.v_daily_summary GROUP BY DISTINCT ROLLUP (cost_centre), ROLLUP (cost_centre)
SELECT substring('x12' SIMILAR 'x#"[0-9]+#"' ESCAPE '#'), overlay('abcdef' PLACING 'zz' FROM 2 FOR 2), trim(LEADING '0' FROM '007')
SELECT '2026-01-01'::timestamptz(0), '5'::numeric(10,2), 'x'::char(5)::varchar(3), '1 day'::interval day to hour
SELECT lower(r), upper(r) FROM (SELECT unnest(range_agg(tstzrange(now(), now() + interval '5 min'))) AS r) q
SELECT imei, ARRAY(SELECT 1), unnest(ARRAY['a', 'b']) FROM tracksolid.devices
\ufeffSELECT 1
"""

# (verdict, statements): none of these may reach the database.
REFUSED: dict[Code, str] = {
    Code.EMPTY: """
;
-- nothing but a comment
/* nor here */
""",
    Code.SYNTAX: """
SELEC 1
SELECT FROM WHERE
SELECT 'unterminated
SELECT 1 /* unterminated
SELECT $$ unterminated
SELECT 1) ; DELETE FROM reporting.refresh_log; --
) SELECT 1 (
""",
    Code.SEVERAL_STATEMENTS: """
SELECT 1; SELECT 2
SELECT 1; COMMIT; BEGIN READ WRITE; UPDATE reporting.refresh_log SET notes = 'x'
SELECT 1; ROLLBACK
SELECT 1 /* ; */ ; /* ; */ SELECT 2
""",
    Code.NOT_SELECT: """
UPDATE reporting.refresh_log SET notes = 'x'
INSERT INTO reporting.refresh_log (notes) VALUES ('x')
DELETE FROM reporting.refresh_log
MERGE INTO reporting.refresh_log r USING (SELECT 1) s ON false WHEN MATCHED THEN DELETE
TRUNCATE reporting.refresh_log
CREATE TABLE x (i int)
CREATE TEMP TABLE x AS SELECT 1
DROP TABLE reporting.refresh_log
ALTER TABLE reporting.refresh_log ADD COLUMN x int
GRANT SELECT ON reporting.refresh_log TO PUBLIC
REFRESH MATERIALIZED VIEW reporting.v_trips
COPY tracksolid.devices TO '/tmp/x'
COPY (SELECT 1) TO PROGRAM 'id'
DO $$ BEGIN END $$
CALL x()
SET statement_timeout = 0
RESET ALL
SHOW work_mem
BEGIN
COMMIT
ROLLBACK
SAVEPOINT x
LOCK TABLE tracksolid.devices
LISTEN x
NOTIFY x
VACUUM
ANALYZE
CLUSTER
CHECKPOINT
DISCARD ALL
PREPARE x AS SELECT 1
EXECUTE x
DEALLOCATE ALL
DECLARE c CURSOR FOR SELECT 1
FETCH ALL FROM c
EXPLAIN SELECT 1
EXPLAIN ANALYZE DELETE FROM reporting.refresh_log
LOAD 'x'
COMMENT ON TABLE reporting.refresh_log IS 'x'
REINDEX TABLE tracksolid.devices
SECURITY LABEL ON TABLE reporting.refresh_log IS 'x'
WITH x AS (DELETE FROM reporting.refresh_log RETURNING 1) SELECT * FROM x
WITH x AS (INSERT INTO reporting.refresh_log DEFAULT VALUES RETURNING 1) SELECT 1
WITH x AS (UPDATE reporting.refresh_log SET notes = 'x' RETURNING 1) SELECT 1
SELECT * FROM (WITH x AS (DELETE FROM reporting.refresh_log RETURNING 1) SELECT * FROM x) q
""",
    Code.SELECT_INTO: """
SELECT * INTO x FROM tracksolid.devices
SELECT 1 INTO TEMP x
SELECT 1 INTO UNLOGGED x UNION SELECT 2
""",
    Code.ROW_LOCK: """
SELECT * FROM tracksolid.devices FOR UPDATE
SELECT * FROM tracksolid.devices FOR NO KEY UPDATE
SELECT * FROM tracksolid.devices FOR SHARE NOWAIT
SELECT * FROM tracksolid.devices FOR KEY SHARE SKIP LOCKED
SELECT * FROM (SELECT * FROM tracksolid.devices FOR UPDATE) d
WITH d AS (SELECT * FROM tracksolid.devices FOR SHARE) SELECT * FROM d
SELECT (SELECT imei FROM tracksolid.devices LIMIT 1 FOR UPDATE)
""",
    Code.PARAMETER: """
SELECT $1
SELECT * FROM tracksolid.devices WHERE imei = $1
""",
    Code.SCHEMA: """
SELECT * FROM secret.salaries
SELECT * FROM public.spatial_ref_sys
SELECT * FROM tracksolid_db.tracksolid.devices
SELECT (SELECT count(*) FROM secret.salaries)
SELECT 1 WHERE EXISTS (SELECT 1 FROM secret.salaries)
SELECT 1 ORDER BY (SELECT 1 FROM secret.salaries)
WITH x AS (SELECT * FROM secret.salaries) SELECT 1
SELECT 1 UNION SELECT amount FROM secret.salaries
SELECT * FROM _timescaledb_internal._hyper_1_1_chunk
TABLE secret.salaries
SELECT * FROM pg_temp.x
SELECT * FROM information_schema_.tables
""",
    Code.CATALOG: """
SELECT * FROM pg_catalog.pg_authid
SELECT * FROM pg_authid
SELECT * FROM pg_stat_activity
SELECT * FROM pg_stat_statements
SELECT * FROM pg_roles
SELECT * FROM pg_settings
SELECT prosrc FROM pg_proc
SELECT * FROM pg_class
SELECT * FROM pg_toast.pg_toast_1
SELECT * FROM pg_stats
SELECT * FROM pg_locks
SELECT * FROM information_schema.role_table_grants
SELECT * FROM information_schema.routines
TABLE pg_shadow
SELECT * FROM PG_CLASS
SELECT * FROM "pg_class"
SELECT * FROM (WITH pg_class AS (SELECT 1) SELECT 1) q, pg_class
WITH pg_class AS (SELECT * FROM pg_class) SELECT * FROM pg_class
WITH a AS (SELECT * FROM pg_class), pg_class AS (SELECT 1) SELECT * FROM a
""",
    Code.UNKNOWN_RELATION: """
SELECT * FROM vehicles
SELECT * FROM device
SELECT * FROM spatial_ref_sys
""",
    Code.FUNCTION: """
SELECT pg_sleep(1)
SELECT pg_catalog.pg_sleep(1)
SELECT PG_SLEEP(1)
SELECT "pg_sleep"(1)
SELECT U&"pg\\005fsleep"(1)
SELECT * FROM pg_sleep(1)
SELECT 1 FROM generate_series(1, 2), LATERAL pg_sleep(1)
SELECT * FROM ROWS FROM (generate_series(1, 2), pg_ls_dir('/'))
VALUES (pg_sleep(1))
SELECT 1 ORDER BY pg_sleep(1)
SELECT 1 WHERE pg_sleep(1) IS NULL
SELECT 1 GROUP BY pg_sleep(1)
SELECT 1 HAVING pg_sleep(1) IS NULL
SELECT 1 LIMIT length(pg_read_file('/etc/passwd'))
SELECT 1 OFFSET pg_backend_pid()
SELECT sum(1) OVER (ORDER BY pg_backend_pid())
SELECT sum(1) OVER w FROM devices WINDOW w AS (PARTITION BY pg_backend_pid())
SELECT sum(1) OVER (ROWS BETWEEN pg_backend_pid() PRECEDING AND CURRENT ROW)
SELECT count(*) FILTER (WHERE pg_sleep(1) IS NULL)
SELECT string_agg('a', current_setting('x'))
SELECT string_agg('a', ',' ORDER BY pg_sleep(1))
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_backend_pid())
SELECT CASE WHEN true THEN pg_sleep(1) END
SELECT CASE pg_backend_pid() WHEN 1 THEN 2 END
SELECT coalesce(pg_sleep(1), NULL)
SELECT ARRAY[pg_backend_pid()]
SELECT ROW(pg_backend_pid())
SELECT (ARRAY[1, 2])[pg_backend_pid()]
SELECT pg_sleep(1) IS NULL
SELECT NOT pg_try_advisory_lock(1)
SELECT 1 IN (pg_backend_pid())
SELECT ARRAY(SELECT pg_sleep(1))
SELECT EXISTS (SELECT pg_sleep(1))
SELECT 1 = ANY (SELECT pg_backend_pid())
SELECT 1 FROM devices a JOIN devices b ON pg_sleep(1) IS NULL
SELECT * FROM devices TABLESAMPLE BERNOULLI (pg_backend_pid())
SELECT DISTINCT ON (pg_backend_pid()) 1
SELECT xmlelement(name a, pg_sleep(1))
SELECT xmlforest(pg_backend_pid() AS a)
SELECT * FROM XMLTABLE('/a' PASSING query_to_xml('select 1', true, true, '') COLUMNS a int)
SELECT json_build_object('a', pg_read_file('x'))
SELECT lower(x => pg_read_file('x'))
SELECT concat(VARIADIC ARRAY[pg_read_file('x')])
SELECT pg_sleep(1)::text
SELECT CAST(pg_backend_pid() AS text)
SELECT (pg_stat_get_activity(NULL)).query
SELECT pg_advisory_lock(1)
SELECT count(pg_advisory_lock(i)) FROM generate_series(1, 3) i
SELECT pg_try_advisory_xact_lock(1)
SELECT pg_logical_emit_message(false, 'x', 'y')
SELECT pg_terminate_backend(1)
SELECT pg_cancel_backend(1)
SELECT pg_notify('a', 'b')
SELECT set_config('default_transaction_read_only', 'off', false)
SELECT current_setting('work_mem')
SELECT setseed(0.5)
SELECT query_to_xml('select 1', true, true, '')
SELECT table_to_xml('pg_class', true, true, '')
SELECT database_to_xml(true, true, '')
SELECT cursor_to_xml('x', 1, true, true, '')
SELECT ts_stat('select 1')
SELECT * FROM ts_stat('select to_tsvector(1::text)')
SELECT ts_rewrite('a', 'select 1')
SELECT lo_import('/etc/passwd')
SELECT lo_create(1)
SELECT lo_get(1)
SELECT nextval('x')
SELECT currval('x')
SELECT lastval()
SELECT txid_current()
SELECT pg_current_xact_id()
SELECT pg_export_snapshot()
SELECT pg_switch_wal()
SELECT pg_reload_conf()
SELECT pg_rotate_logfile()
SELECT pg_create_restore_point('x')
SELECT pg_read_file('/etc/passwd')
SELECT pg_read_binary_file('/etc/passwd')
SELECT pg_ls_dir('/')
SELECT pg_stat_file('x')
SELECT pg_stat_reset()
SELECT pg_stat_get_activity(NULL)
SELECT pg_get_functiondef(1)
SELECT pg_get_viewdef(1)
SELECT has_table_privilege('x', 'SELECT')
SELECT to_regclass('pg_class')
SELECT regclass('pg_class')
SELECT obj_description(1, 'pg_class')
SELECT col_description(1, 1)
SELECT inet_client_addr()
SELECT inet_server_port()
SELECT current_query()
SELECT row_security_active('x')
SELECT pg_stat_get_backend_activity(1)
SELECT pg_blocking_pids(1)
SELECT pg_relation_filepath('x')
SELECT pg_tablespace_location(1)
SELECT pg_conf_load_time()
SELECT pg_postmaster_start_time()
SELECT pg_replication_origin_create('x')
SELECT pg_create_physical_replication_slot('x')
SELECT brin_summarize_new_values('x')
SELECT gin_clean_pending_list('x')
SELECT (1).pg_sleep
SELECT g.pg_sleep FROM generate_series(1, 1) g
SELECT g.pg_advisory_lock FROM generate_series(1, 3) g
SELECT (g).pg_sleep FROM generate_series(1, 1) g
SELECT f.pg_read_file FROM lower('/etc/passwd') f
SELECT f.current_setting FROM lower('work_mem') f
SELECT ('/etc'::text).pg_ls_dir
SELECT ("x").pg_sleep FROM (SELECT 1 AS x) q
SELECT (ARRAY[1])[1].pg_sleep
SELECT 1 FROM generate_series(1, 1) g ORDER BY g.pg_sleep
SELECT (SELECT 1).pg_sleep
SELECT (CASE WHEN true THEN 1 END).pg_sleep
SELECT q.x.pg_sleep FROM (SELECT 1 AS x) q
SELECT (0.1::float8).pg_sleep
SELECT (1).pg_typeof
SELECT g.pg_typeof::text FROM generate_series(1, 2) g
SELECT pg_typeof(1)
VALUES (pg_typeof(1)), ('26034')
SELECT coalesce(pg_typeof(1), '16400')
SELECT CAST(pg_typeof(1) AS varchar)
SELECT pg_input_is_valid('secret.x', 'regclass')
SELECT pg_input_is_valid('secret.x', 'reg' || 'class')
SELECT pg_input_is_valid('x', '"regclass"')
SELECT pg_input_error_info('x', 'pg_catalog.regrole')
""",
    Code.UNKNOWN_FUNCTION: """
SELECT no_such_function(1)
SELECT secret.salary_of('x')
SELECT dblink('x', 'y')
SELECT crosstab('select 1')
SELECT reporting.no_such()
""",
    Code.TYPE: """
SELECT 'pg_class'::regclass
SELECT CAST('now' AS regproc)
SELECT regclass 'pg_class'
SELECT i::regclass FROM generate_series(1, 3) i
SELECT i::oid::regrole FROM generate_series(1, 3) i
SELECT '{pg_class}'::regclass[]
SELECT '{pg_class}'::_regclass
SELECT 'x'::refcursor
SELECT NULL::secret.salaries
SELECT NULL::pg_class
SELECT (10::oid).regrole
SELECT g.regrole FROM generate_series(10, 12) g
SELECT g.regnamespace FROM generate_series(11, 11) g
SELECT (i::oid).regtype FROM generate_series(16384, 17500) i
SELECT ('{1259,16390}'::text)._regclass
SELECT g._regclass FROM lower('{1259}') g
SELECT (SELECT 10::oid).regrole
SELECT (ARRAY[10::oid])[1].regrole
SELECT ('{10}'::text)._regrole
SELECT ('x'::text).refcursor
SELECT * FROM jsonb_populate_recordset(NULL::pg_catalog.pg_sequences, '[]')
SELECT '{}'::_pg_class
SELECT * FROM json_to_record('{"a": 1}') AS t(a regclass)
SELECT * FROM XMLTABLE('/a' PASSING xml '<a/>' COLUMNS a regclass PATH '.')
""",
    Code.OPERATOR: """
SELECT 1 OPERATOR(secret.+) 2
SELECT 'a' COLLATE secret.c
SELECT 1 ORDER BY 1 USING OPERATOR(secret.<)
SELECT 1 OPERATOR(secret.=) ANY (SELECT 1)
""",
    Code.SAMPLING: """
SELECT * FROM devices TABLESAMPLE system_time (1000)
SELECT * FROM devices TABLESAMPLE secret.x (1)
""",
}
