--- the plain attacks
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
--- writes, however dressed
(WITH x AS (DELETE FROM reporting.refresh_log RETURNING 1) SELECT * FROM x)
WITH x AS (SELECT 1) DELETE FROM reporting.refresh_log
WITH x AS (SELECT 1) INSERT INTO reporting.refresh_log SELECT * FROM x
WITH x AS (SELECT 1) UPDATE reporting.refresh_log SET notes = 'x'
WITH x AS MATERIALIZED (UPDATE tracksolid.devices SET city = 'x' RETURNING *) SELECT 1
WITH a AS (SELECT 1), b AS (DELETE FROM tracksolid.alarms RETURNING *) SELECT * FROM a
WITH RECURSIVE a AS (INSERT INTO reporting.refresh_log DEFAULT VALUES RETURNING 1) SELECT * FROM a
WITH m AS (MERGE INTO reporting.refresh_log r USING (SELECT 1) s ON false WHEN MATCHED THEN DELETE RETURNING 1) SELECT * FROM m
SELECT (WITH x AS (DELETE FROM reporting.refresh_log RETURNING 1) SELECT * FROM x)
SELECT 1 UNION (WITH x AS (DELETE FROM reporting.refresh_log RETURNING 1) SELECT * FROM x)
INSERT INTO tracksolid.devices SELECT * FROM tracksolid.devices ON CONFLICT DO NOTHING
DELETE FROM tracksolid.position_history USING tracksolid.devices WHERE false
UPDATE tracksolid.devices SET city = 'x' WHERE CURRENT OF c
INSERT INTO reporting.refresh_log (notes) VALUES ('x') RETURNING *
/* SELECT */ DELETE FROM reporting.refresh_log
--- objects and rights
CREATE TABLE tracksolid.x AS SELECT 1
CREATE TABLE tracksolid.x AS EXECUTE y
CREATE UNLOGGED TABLE x (i int)
CREATE TEMPORARY VIEW v AS SELECT 1
CREATE VIEW reporting.v AS SELECT 1
CREATE MATERIALIZED VIEW m AS SELECT 1
CREATE FUNCTION reporting.f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION reporting.fn_live_positions() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'
CREATE AGGREGATE a (int) (SFUNC = int4pl, STYPE = int)
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)
CREATE CAST (int AS text) WITH INOUT
CREATE TYPE t AS (i int)
CREATE DOMAIN d AS int
CREATE SCHEMA s
CREATE DATABASE d
CREATE ROLE r
CREATE USER r SUPERUSER
CREATE EXTENSION dblink
CREATE SEQUENCE s
CREATE INDEX ON tracksolid.devices (city)
CREATE TRIGGER t BEFORE INSERT ON tracksolid.devices FOR EACH ROW EXECUTE FUNCTION f()
CREATE RULE r AS ON SELECT TO tracksolid.devices DO INSTEAD SELECT 1
CREATE POLICY p ON tracksolid.devices
CREATE PUBLICATION p FOR ALL TABLES
CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p
CREATE SERVER s FOREIGN DATA WRAPPER w
CREATE FOREIGN TABLE f (i int) SERVER s
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()
CREATE TABLESPACE t LOCATION '/tmp'
CREATE STATISTICS s ON city, depot FROM tracksolid.devices
ALTER ROLE analytics_ro SET default_transaction_read_only = off
ALTER ROLE analytics_ro PASSWORD 'x'
ALTER USER analytics_ro SUPERUSER
ALTER SYSTEM SET fsync = off
ALTER DATABASE tracksolid_db SET work_mem = '1GB'
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC
ALTER FUNCTION reporting.fn_live_positions(text) SECURITY DEFINER
ALTER TABLE tracksolid.devices OWNER TO analytics_ro
ALTER SEQUENCE reporting.refresh_log_id_seq RESTART
DROP SCHEMA reporting CASCADE
DROP FUNCTION reporting.fn_live_positions(text)
DROP OWNED BY analytics_ro
REASSIGN OWNED BY analytics_ro TO postgres
REVOKE SELECT ON tracksolid.devices FROM analytics_ro
GRANT postgres TO analytics_ro
IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z
REFRESH MATERIALIZED VIEW CONCURRENTLY reporting.v_trips
TRUNCATE tracksolid.devices RESTART IDENTITY CASCADE
--- files and programs
COPY tracksolid.devices FROM PROGRAM 'id'
COPY tracksolid.devices TO STDOUT
COPY (SELECT 1) TO STDOUT
COPY (DELETE FROM reporting.refresh_log RETURNING 1) TO STDOUT
LOAD '/tmp/x.so'
DO LANGUAGE plpgsql $$ BEGIN PERFORM pg_sleep(1); END $$
CALL reporting.p(1)
--- the session and the transaction
SET LOCAL statement_timeout = 0
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
SET TRANSACTION READ WRITE
SET ROLE postgres
SET SESSION AUTHORIZATION DEFAULT
SET search_path = secret
SET standard_conforming_strings = off
SET CONSTRAINTS ALL DEFERRED
RESET ROLE
RESET statement_timeout
SHOW ALL
SHOW data_directory
SHOW ssl_key_file
START TRANSACTION READ WRITE
ABORT
END
ROLLBACK TO SAVEPOINT x
RELEASE SAVEPOINT x
PREPARE TRANSACTION 'x'
COMMIT PREPARED 'x'
ROLLBACK PREPARED 'x'
UNLISTEN *
DISCARD TEMP
DISCARD PLANS
CLOSE ALL
MOVE ALL IN c
DEALLOCATE x
PREPARE x AS DELETE FROM tracksolid.devices
EXECUTE x (1)
DECLARE c CURSOR WITH HOLD FOR SELECT 1
LOCK TABLE tracksolid.devices IN ACCESS SHARE MODE
LOCK tracksolid.devices IN ACCESS EXCLUSIVE MODE NOWAIT
EXPLAIN (ANALYZE) SELECT 1
EXPLAIN (ANALYZE, BUFFERS) UPDATE reporting.refresh_log SET notes = 'x'
EXPLAIN EXECUTE x
EXPLAIN CREATE TABLE x AS SELECT 1
VACUUM FULL tracksolid.devices
ANALYZE tracksolid.devices
REINDEX DATABASE tracksolid_db
CLUSTER tracksolid.devices USING x
SHOW TABLES
