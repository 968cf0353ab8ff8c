--- the plain attacks
SELEC 1
SELECT FROM WHERE
SELECT 'unterminated
SELECT 1 /* unterminated
SELECT $$ unterminated
SELECT 1) ; DELETE FROM reporting.refresh_log; --
) SELECT 1 (
SELECT 1;) UNION SELECT 2 --
SELECT 1) AS q LIMIT 0; SELECT pg_sleep(1); --
SELECT 1) q, pg_sleep(1) AS (SELECT 1
SELECT "unterminated
SELECT U&'\zzzz'
SELECT E'\xff'
SELECT 1 FROM
SELECT * FROM devices WHERE
SELECT (1
SELECT 1))
SELECT 1 LIMIT 1 LIMIT 2
SELECT * FROM devices AS
SELECT 'a' 'b'
SELECT :name
SELECT ?
SELECT * FROM devices LIMIT 1, 2
SELECT TOP 1 * FROM devices
SELECT `imei` FROM devices
\d devices
\copy devices TO 'x'
DESCRIBE devices
USE postgres
PRAGMA table_info(devices)
ATTACH 'x' AS y
GO
{"sql": "SELECT 1"}
```sql
How many vehicles drove yesterday?
SELECT 1 SELECT 2
WITH RECURSIVE s(a) AS (SELECT 1) CYCLE a SET c TO pg_backend_pid() DEFAULT 0 USING p SELECT 1
