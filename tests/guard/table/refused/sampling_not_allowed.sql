--- the plain attacks
SELECT * FROM devices TABLESAMPLE system_time (1000)
SELECT * FROM devices TABLESAMPLE secret.x (1)
SELECT * FROM devices TABLESAMPLE system_rows (1)
SELECT * FROM devices TABLESAMPLE public.system_rows (1)
SELECT * FROM position_history p TABLESAMPLE pg_sleep (1)
SELECT * FROM devices TABLESAMPLE pg_catalog.lower (1)
