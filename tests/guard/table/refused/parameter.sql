--- the plain attacks
SELECT $1
SELECT * FROM tracksolid.devices WHERE imei = $1
SELECT $1::int + $2
SELECT * FROM generate_series(1, $1)
SELECT 1 LIMIT $1
SELECT lower($1)
