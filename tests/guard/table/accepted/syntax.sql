--- statements
SELECT 1
select 1;
SELECT 1; ;
/* a comment first */ SELECT 1
SELECT 1 -- and one at the end
SELECT 1 /* block /* nested */ comment */
SELECT
VALUES (1, 'a'), (2, 'b')
VALUES (1), (2) ORDER BY 1 DESC LIMIT 1
TABLE reporting.cost_centres
TABLE cost_centres ORDER BY code LIMIT 2 OFFSET 1
(SELECT 1)
((SELECT 1) UNION ALL (SELECT 2)) ORDER BY 1 LIMIT 1
SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3
SELECT 1 UNION ALL SELECT 1 EXCEPT ALL SELECT 1
SELECT 1 INTERSECT ALL SELECT 1
(TABLE cost_centres LIMIT 1) UNION ALL (TABLE cost_centres LIMIT 1)
(VALUES (1)) UNION (VALUES (2))
(SELECT imei FROM tracksolid.devices ORDER BY 1 LIMIT 2) UNION ALL (SELECT imei FROM tracksolid.trips ORDER BY 1 LIMIT 2)
SELECT imei FROM tracksolid.devices EXCEPT SELECT imei FROM tracksolid.trips
SELECT ALL 1
SELECT DISTINCT 1
\ufeffSELECT 1
\nSELECT\n\t1\n-- the end\n
\u0053ELECT 1 -- a comment\n, 2 /* another\n */ , 3
--- names
SELECT count(*) FROM reporting.v_daily_summary
SELECT * FROM devices
SELECT count(*) FROM v_trips
SELECT d.imei FROM tracksolid.devices d LIMIT 3
SELECT d.* FROM tracksolid.devices AS d LIMIT 3
SELECT tracksolid.devices.imei FROM tracksolid.devices LIMIT 1
SELECT (d).imei FROM tracksolid.devices d LIMIT 1
SELECT (d).* FROM devices d LIMIT 1
SELECT d FROM devices d LIMIT 1
SELECT trips.imei FROM trips, devices WHERE trips.imei = devices.imei
SELECT t FROM (SELECT 1, 2) AS t(a, b)
SELECT IMEI, "imei" FROM TrackSolid.Devices LIMIT 1
SELECT count(*) FROM "tracksolid"."devices"
SELECT U&"d\0061".imei FROM devices AS U&"d\0061" LIMIT 1
SELECT imei AS user, 1 AS order_no, 'x' AS "group" FROM devices
SELECT 1 AS "select", 2 AS "pg_sleep(1)", 3 AS "a;b"
SELECT 1 x, 2 y, 3 "Ø km"
SELECT 'Grüße, 世界 🚚' AS "ключ"
SELECT q.system, q.bernoulli FROM (SELECT 1 AS system, 2 AS bernoulli) q
SELECT q.version, q.name, q.date, q.text, q.max, q.count FROM (SELECT 1 AS version, 2 AS name, 3 AS date, 4 AS text, 5 AS max, 6 AS count) q
SELECT name, "date", value, "timestamp" FROM (SELECT 1 AS name, 2 AS "date", 3 AS value, 4 AS "timestamp") q
SELECT comment, "set", "limit" FROM (SELECT 1 AS comment, 2 AS "set", 3 AS "limit") q
SELECT delta, rate FROM (SELECT 1 AS delta, 2 AS rate) x
SELECT q.x FROM (SELECT 1) AS q(x)
SELECT 1 AS a, 2 AS a
SELECT 1 AS select, 2 AS from, 3 AS table
SELECT pg_sleep FROM (SELECT 1 AS pg_sleep) q
SELECT ctid, xmin, tableoid FROM tracksolid.devices LIMIT 1
SELECT NULL::tracksolid.devices
SELECT pg_class FROM (SELECT 1 AS pg_class) q
--- WITH
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n
WITH RECURSIVE t(n, f) AS (VALUES (0, 1::numeric) UNION ALL SELECT n + 1, f * (n + 1) FROM t WHERE n < 10) SELECT * FROM t
WITH RECURSIVE tree AS (SELECT 1 AS id, ARRAY[1] AS path UNION ALL SELECT id + 1, path || (id + 1) FROM tree WHERE id < 5) SELECT * FROM tree
WITH RECURSIVE a AS (SELECT 1 AS x), b AS (SELECT x FROM a UNION SELECT x + 1 FROM b WHERE x < 3) TABLE b
WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a
WITH a AS NOT MATERIALIZED (SELECT 1) SELECT * FROM a
WITH a (x) AS (VALUES (1)) SELECT * FROM a WHERE x IN (WITH b AS (SELECT 1) SELECT * FROM b)
WITH pg_class AS (SELECT 1 AS x) SELECT x FROM pg_class
WITH devices AS (SELECT 1 AS x) SELECT x FROM devices
WITH devices AS (SELECT imei FROM tracksolid.devices) SELECT count(*) FROM devices
WITH a AS (SELECT 1) (SELECT * FROM a) UNION ALL (SELECT * FROM a)
SELECT * FROM (WITH q AS (SELECT 1 AS x) SELECT x FROM q) s
SELECT (WITH q AS (SELECT 1 AS x) SELECT x FROM q)
WITH RECURSIVE s(a, b) AS (SELECT 1, 2 UNION ALL SELECT a + 1, b FROM s WHERE a < 4) SEARCH DEPTH FIRST BY a SET ord SELECT * FROM s ORDER BY ord
WITH RECURSIVE s(a, b) AS (SELECT 1, 2 UNION ALL SELECT a + 1, b FROM s WHERE a < 4) SEARCH BREADTH FIRST BY a SET ord SELECT * FROM s ORDER BY ord
WITH RECURSIVE s(a, b) AS (SELECT 1, 2 UNION ALL SELECT (a % 3) + 1, b FROM s) CYCLE a SET looped TO true DEFAULT false USING path SELECT * FROM s
WITH RECURSIVE s(a) AS (SELECT 1 UNION ALL SELECT (a % 3) + 1 FROM s) CYCLE a SET looped USING path SELECT * FROM s
--- FROM
SELECT * FROM generate_series(1, 3) AS g(i), LATERAL (SELECT g.i * 2) AS x
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS t(a, b)
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS t(a, b)
SELECT * FROM ROWS FROM (json_to_recordset('[{"a":1}]') AS (a int), generate_series(1, 2)) WITH ORDINALITY AS z
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS t(a, b)
SELECT * FROM regexp_matches('a1b2', '[0-9]', 'g') AS m
SELECT * FROM reporting.fn_live_positions() LIMIT 2
SELECT * FROM fn_cost_centre_distance(current_date - 30, current_date)
SELECT * FROM fn_cost_centre_distance(p_from => '2026-10-01', p_to => '2026-10-31')
SELECT * FROM fn_cost_centre_distance(p_from := '2026-10-01', p_to := '2026-10-31')
SELECT * FROM tracksolid.position_history TABLESAMPLE BERNOULLI (1) REPEATABLE (7) LIMIT 3
SELECT count(*) FROM tracksolid.position_history TABLESAMPLE SYSTEM (10)
SELECT * FROM tracksolid.devices a JOIN tracksolid.trips b USING (imei) LIMIT 1
SELECT * FROM devices a JOIN trips b USING (imei) AS j WHERE j.imei IS NOT NULL LIMIT 1
SELECT * FROM tracksolid.devices a LEFT JOIN tracksolid.trips b ON b.imei = a.imei LIMIT 1
SELECT a.imei, b.imei FROM tracksolid.devices a FULL OUTER JOIN tracksolid.trips b ON a.imei = b.imei
SELECT count(*) FROM devices a RIGHT JOIN trips b ON a.imei = b.imei
SELECT count(*) FROM (devices a CROSS JOIN cost_centres b) AS j
SELECT count(*) FROM devices a INNER JOIN (trips b JOIN drivers c USING (driver_id)) ON a.imei = b.imei
SELECT count(*) FROM tracksolid.devices NATURAL JOIN tracksolid.live_positions
SELECT a.trip_id, b.city FROM trips a NATURAL LEFT JOIN drivers b LIMIT 5
SELECT count(*) FROM ONLY tracksolid.devices
SELECT count(*) FROM tracksolid.devices *
SELECT * FROM (VALUES ('KCA', 1), ('KCB', 2)) AS plates(prefix, n) JOIN tracksolid.devices d ON d.vehicle_number LIKE plates.prefix || '%'
SELECT * FROM (SELECT 1) q, (SELECT 2) r
SELECT key, value FROM tracksolid.devices d, jsonb_each_text(to_jsonb(d)) LIMIT 20
SELECT * FROM generate_series(1, 10, 3) a, generate_series('2026-01-01'::timestamp, '2026-01-02', '6 hours') ts
SELECT * FROM current_date, current_user AS who
--- FROM without an alias [since 16]
SELECT * FROM (SELECT 1 AS x)
SELECT * FROM (VALUES (1)), (SELECT 2)
--- WHERE, GROUP BY, HAVING, windows
SELECT 1 WHERE false
SELECT 1 HAVING true
SELECT EXISTS (SELECT FROM tracksolid.trips)
SELECT 1 FROM devices GROUP BY ()
SELECT city, depot, count(*) FROM devices GROUP BY 1, depot
SELECT city, count(*) FROM devices GROUP BY ALL city
SELECT cost_centre, sum(distance_km) FROM reporting.v_daily_summary GROUP BY ROLLUP (cost_centre) HAVING sum(distance_km) > 0
SELECT cost_centre, city, grouping(cost_centre, city) FROM reporting.v_daily_summary GROUP BY GROUPING SETS ((cost_centre), (city), ())
SELECT city FROM devices GROUP BY GROUPING SETS (ROLLUP (city), CUBE (city, depot))
SELECT cost_centre FROM reporting.v_daily_summary GROUP BY DISTINCT ROLLUP (cost_centre), ROLLUP (cost_centre)
SELECT DISTINCT ON (imei) imei, gps_time FROM tracksolid.position_history ORDER BY imei, gps_time DESC
SELECT imei, rank() OVER (PARTITION BY imei ORDER BY gps_time) FROM tracksolid.position_history LIMIT 5
SELECT sum(speed) OVER w FROM tracksolid.position_history WINDOW w AS (ORDER BY gps_time ROWS 3 PRECEDING) LIMIT 5
SELECT sum(speed) OVER (w ROWS UNBOUNDED PRECEDING) FROM position_history WINDOW w AS (PARTITION BY imei ORDER BY gps_time) LIMIT 5
SELECT sum(speed) OVER b FROM position_history WINDOW a AS (PARTITION BY imei), b AS (a ORDER BY gps_time) LIMIT 5
SELECT count(*) OVER (), row_number() OVER () FROM devices
SELECT imei, first_value(speed) OVER w, last_value(speed) OVER w, nth_value(speed, 2) OVER w FROM tracksolid.position_history WINDOW w AS (PARTITION BY imei ORDER BY gps_time ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) LIMIT 5
SELECT avg(speed) OVER (ORDER BY gps_time RANGE BETWEEN interval '10 minutes' PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM tracksolid.position_history LIMIT 5
SELECT sum(speed) OVER (ORDER BY gps_time GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) FROM tracksolid.position_history LIMIT 5
SELECT sum(speed) OVER (ORDER BY gps_time ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING EXCLUDE GROUP) FROM position_history LIMIT 5
SELECT lead(speed, 1, 0::smallint) OVER (PARTITION BY imei ORDER BY gps_time) FROM tracksolid.position_history LIMIT 5
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY speed) FROM tracksolid.position_history
SELECT count(*) FILTER (WHERE speed > 80) FROM tracksolid.position_history
SELECT count(DISTINCT imei) FILTER (WHERE speed > 80) FROM position_history
SELECT rank(3) WITHIN GROUP (ORDER BY speed) FROM position_history
--- ORDER BY, LIMIT
SELECT 'limit' AS limit_word LIMIT 1
SELECT 1 LIMIT ALL
SELECT 1 LIMIT NULL OFFSET 0
SELECT 1 LIMIT 1 + 1
SELECT 1 LIMIT (SELECT 1)
SELECT 1 FETCH FIRST ROW ONLY
SELECT 1 OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
SELECT imei FROM tracksolid.devices ORDER BY imei FETCH FIRST 2 ROWS WITH TIES
SELECT imei FROM tracksolid.devices ORDER BY imei USING <
SELECT imei FROM tracksolid.devices ORDER BY imei USING OPERATOR(pg_catalog.>)
SELECT * FROM trips ORDER BY start_time DESC NULLS LAST OFFSET 10 LIMIT 5
SELECT city FROM devices ORDER BY count(*) OVER (PARTITION BY city) DESC, 1 NULLS FIRST
SELECT vehicle_number COLLATE "C", vehicle_number COLLATE pg_catalog."C" FROM devices ORDER BY vehicle_number COLLATE "POSIX"
--- subqueries and conditions
SELECT CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END, CASE 2 WHEN 2 THEN 1 END
SELECT coalesce(NULL, 1), nullif(1, 2), greatest(1, 2), least(1, 2)
SELECT 1 IN (1, 2), 1 = ANY (ARRAY[1, 2]), 1 <> ALL (SELECT 2), EXISTS (SELECT 1)
SELECT 1 NOT IN (SELECT 2), 1 = SOME (SELECT 1), (1, 2) IN (SELECT 1, 2), 'a' LIKE ANY (ARRAY['a%'])
SELECT (1, 2) = (1, 2), ROW(1, 'a'), (ARRAY[1, 2, 3])[2], (ARRAY[1, 2, 3])[1:2]
SELECT (ARRAY[1, 2, 3])[:2], (ARRAY[1, 2, 3])[2:], (ARRAY[[1, 2], [3, 4]])[2][1]
SELECT 3 BETWEEN 1 AND 5, 3 NOT BETWEEN SYMMETRIC 5 AND 1, 1 IS DISTINCT FROM 2, 1 IS NOT DISTINCT FROM NULL
SELECT 'abc' LIKE 'a%', 'abc' ILIKE 'A%' ESCAPE '!', 'abc' SIMILAR TO '(a|b)%', 'abc' ~* 'B'
SELECT 'Nairobi' NOT SIMILAR TO 'N%x', 'a' NOT LIKE 'b', 'a_b' LIKE 'a\_b' ESCAPE '\', 'a' NOT ILIKE 'B'
SELECT true IS TRUE, NOT false, NULL IS UNKNOWN, (1 = 1) IS NOT FALSE, 1 IS NULL, 2 NOTNULL, 3 ISNULL
SELECT ROW(1, NULL) IS NULL, ROW(1, 2) < ROW(1, 3), ROW(1) IS DISTINCT FROM ROW(2)
SELECT ARRAY(SELECT imei FROM tracksolid.devices ORDER BY imei LIMIT 3)
SELECT * FROM tracksolid.devices WHERE (imei, imei) IN (SELECT imei, imei FROM tracksolid.trips)
SELECT imei FROM devices WHERE imei = ANY ('{1,2}') OR imei IN ('a', 'b') OR imei LIKE ANY (ARRAY['8%', '9%'])
SELECT abs(d.x) FROM (SELECT -1 AS x) d WHERE d IS NOT NULL AND d.x IS DISTINCT FROM 2
SELECT (SELECT max(x) FROM (VALUES (1), (2)) v(x)), (SELECT ROW(1, 2))
SELECT 1 OPERATOR(pg_catalog.+) 2
SELECT '2026-01-01' <= ALL (SELECT start_time FROM trips)
--- literals that look like statements
SELECT 'delete from x; drop table y' AS "update"
SELECT $$insert into x$$ AS q, $tag$ ; commit; $tag$ AS r
SELECT E'it\'s -- not a comment' AS x
SELECT U&'d\0061t\+000061' AS x
SELECT U&'d!0061t' UESCAPE '!' AS x
SELECT '/* not a comment */' AS x
SELECT '-- nor this', ';', $$;$$
SELECT 1 AS "drop table x; --"
SELECT 5 % 2 AS "100%", '%s', '%(x)s', '?', ':x', '{}'
SELECT 'SELECT pg_sleep(1)', $f$pg_terminate_backend(1)$f$
SELECT N'national', B'101', X'1F'
--- numbers with a base and underscores [since 16]
SELECT 0x1F, 0b101, 0o17, 1_000_000
