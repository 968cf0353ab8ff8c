--- the plain attacks
SELECT 1 OPERATOR(secret.+) 2
SELECT 'a' COLLATE secret.c
SELECT 1 ORDER BY 1 USING OPERATOR(secret.<)
SELECT 1 OPERATOR(secret.=) ANY (SELECT 1)
SELECT OPERATOR(secret.-) 1
SELECT 1 OPERATOR(secret.=) ALL (ARRAY[1])
SELECT (1, 2) OPERATOR(secret.=) (1, 2)
SELECT 'a' OPERATOR(secret.~~) 'b'
SELECT 1 FROM devices ORDER BY imei COLLATE secret.c
SELECT sum(1) OVER (ORDER BY 1 USING OPERATOR(pg_temp.<))
SELECT 'a' COLLATE tracksolid_db.pg_catalog."C"
SELECT 1 WHERE 1 OPERATOR(information_schema.=) 1
SELECT 1 OPERATOR(a.b.+) 2
