--- the plain attacks
SELECT * FROM vehicles
SELECT * FROM device
SELECT * FROM spatial_ref_sys
SELECT * FROM position_histories
SELECT * FROM salaries
SELECT * FROM "Devices"
SELECT * FROM geometry_columns
SELECT * FROM tables
SELECT * FROM columns
SELECT * FROM hypertables
SELECT * FROM _hyper_1_1_chunk
SELECT * FROM hypertable
SELECT * FROM (WITH w AS (SELECT 1) SELECT 1) q, w
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a
WITH a AS (SELECT * FROM a) SELECT * FROM a
SELECT * FROM devices d, LATERAL (SELECT * FROM d) q
