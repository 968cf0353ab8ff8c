--- the plain attacks
SELECT * FROM tracksolid.devices FOR UPDATE
SELECT * FROM tracksolid.devices FOR NO KEY UPDATE
SELECT * FROM tracksolid.devices FOR SHARE NOWAIT
SELECT * FROM tracksolid.devices FOR KEY SHARE SKIP LOCKED
SELECT * FROM (SELECT * FROM tracksolid.devices FOR UPDATE) d
WITH d AS (SELECT * FROM tracksolid.devices FOR SHARE) SELECT * FROM d
SELECT (SELECT imei FROM tracksolid.devices LIMIT 1 FOR UPDATE)
SELECT * FROM tracksolid.devices FOR UPDATE OF devices
SELECT * FROM devices d, trips t WHERE d.imei = t.imei FOR SHARE OF d FOR UPDATE OF t
(SELECT * FROM devices FOR UPDATE)
SELECT 1 WHERE EXISTS (SELECT 1 FROM devices FOR UPDATE)
SELECT ARRAY(SELECT imei FROM devices FOR KEY SHARE)
SELECT * FROM cost_centres c, LATERAL (SELECT * FROM devices d WHERE d.cost_centre_code = c.code FOR UPDATE SKIP LOCKED) q
WITH a AS MATERIALIZED (SELECT * FROM devices FOR NO KEY UPDATE NOWAIT) SELECT 1
SELECT * FROM devices LIMIT 1 FOR UPDATE
SELECT * FROM v_trips FOR UPDATE
