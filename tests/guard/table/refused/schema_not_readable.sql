--- the plain attacks
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
--- every place where a relation can stand
SELECT * FROM ONLY secret.salaries
SELECT * FROM secret.salaries s
SELECT * FROM secret.salaries TABLESAMPLE SYSTEM (1)
SELECT * FROM devices JOIN secret.salaries ON true
SELECT * FROM devices NATURAL JOIN secret.salaries
SELECT * FROM (devices CROSS JOIN secret.salaries)
SELECT * FROM devices, LATERAL (SELECT * FROM secret.salaries) q
SELECT ARRAY(SELECT amount FROM secret.salaries)
SELECT 1 IN (SELECT amount FROM secret.salaries)
SELECT 1 = ANY (SELECT amount FROM secret.salaries)
SELECT CASE WHEN EXISTS (TABLE secret.salaries) THEN 1 END
SELECT count(*) FILTER (WHERE EXISTS (TABLE secret.salaries))
SELECT sum(1) OVER (ORDER BY (SELECT max(amount) FROM secret.salaries))
SELECT 1 LIMIT (SELECT max(amount) FROM secret.salaries)
SELECT 1 OFFSET (SELECT count(*) FROM secret.salaries)
SELECT 1 GROUP BY (SELECT 1 FROM secret.salaries)
SELECT 1 HAVING (SELECT true FROM secret.salaries)
VALUES ((SELECT max(amount) FROM secret.salaries))
(TABLE secret.salaries)
WITH RECURSIVE x AS (SELECT amount FROM secret.salaries UNION SELECT * FROM x) TABLE x
WITH salaries AS (SELECT 1) SELECT * FROM secret.salaries
SELECT * FROM "secret"."salaries"
SELECT * FROM U&"s\0065cret".salaries
SELECT JSON_ARRAY(SELECT amount FROM secret.salaries)
SELECT xmlelement(name a, (SELECT max(amount) FROM secret.salaries))
SELECT * FROM generate_series(1, (SELECT count(*) FROM secret.salaries))
SELECT lower((SELECT name FROM secret.salaries))
--- schemas of the server and of extensions
SELECT * FROM pg_temp_3.x
SELECT * FROM postgres.tracksolid.devices
SELECT * FROM tracksolid_db.pg_catalog.pg_class
SELECT * FROM public.geometry_columns
SELECT * FROM _timescaledb_catalog.hypertable
SELECT * FROM _timescaledb_config.bgw_job
SELECT * FROM timescaledb_information.hypertables
SELECT * FROM timescaledb_information.jobs
SELECT * FROM timescaledb_information.chunks
SELECT * FROM TRACKSOLID_.devices
SELECT * FROM "Tracksolid".devices
