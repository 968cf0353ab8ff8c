--- the plain attacks
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
--- roles, passwords, settings, files
SELECT rolpassword FROM pg_authid
SELECT passwd FROM pg_shadow
SELECT usename, passwd FROM pg_catalog.pg_user
SELECT rolname, rolsuper FROM pg_roles
SELECT * FROM pg_auth_members
SELECT * FROM pg_group
SELECT * FROM pg_db_role_setting
SELECT setting FROM pg_settings WHERE name = 'data_directory'
SELECT * FROM pg_file_settings
SELECT * FROM pg_hba_file_rules
SELECT * FROM pg_ident_file_mappings
SELECT * FROM pg_config
SELECT * FROM pg_user_mappings
SELECT * FROM pg_user_mapping
SELECT srvoptions FROM pg_foreign_server
SELECT subconninfo FROM pg_subscription
SELECT * FROM pg_largeobject
SELECT * FROM pg_largeobject_metadata
SELECT * FROM pg_tablespace
SELECT * FROM pg_database
SELECT * FROM pg_shmem_allocations
SELECT * FROM pg_backend_memory_contexts
--- other analysts
SELECT pid, query FROM pg_stat_activity WHERE usename = current_user
SELECT application_name FROM pg_stat_activity
SELECT query, calls FROM pg_stat_statements
SELECT * FROM pg_prepared_statements
SELECT * FROM pg_prepared_xacts
SELECT * FROM pg_cursors
SELECT * FROM pg_stat_ssl
SELECT * FROM pg_stat_replication
SELECT * FROM pg_stat_progress_copy
SELECT * FROM pg_stat_database
SELECT * FROM pg_replication_slots
--- sources, definitions, statistics with values of rows
SELECT prosrc FROM pg_catalog.pg_proc WHERE proname = 'fn_live_positions'
SELECT * FROM pg_views
SELECT * FROM pg_matviews
SELECT * FROM pg_rules
SELECT * FROM pg_trigger
SELECT * FROM pg_policies
SELECT * FROM pg_indexes
SELECT most_common_vals FROM pg_stats
SELECT stavalues1 FROM pg_statistic
SELECT * FROM pg_stats_ext_exprs
SELECT * FROM pg_statistic_ext_data
SELECT * FROM pg_sequences
SELECT relname, n_live_tup FROM pg_stat_user_tables
SELECT relname, reltuples FROM pg_class WHERE relname = 'devices'
SELECT extname FROM pg_extension
SELECT nspname FROM pg_namespace
SELECT attname FROM pg_attribute
SELECT description FROM pg_description
SELECT * FROM pg_depend
SELECT * FROM pg_default_acl
SELECT * FROM pg_event_trigger
SELECT * FROM pg_timezone_names
SELECT * FROM pg_am
SELECT * FROM information_schema.schemata
SELECT * FROM information_schema.table_constraints
SELECT * FROM information_schema.triggers
SELECT * FROM information_schema.column_privileges
SELECT * FROM information_schema.applicable_roles
SELECT * FROM information_schema.user_mapping_options
SELECT * FROM information_schema.view_table_usage
SELECT * FROM information_schema.sql_features
--- however it is written
SELECT * FROM ONLY pg_class
SELECT * FROM pg_class TABLESAMPLE SYSTEM (100)
SELECT * FROM U&"pg\005fclass"
SELECT * FROM "pg_catalog"."pg_class"
SELECT * FROM devices d JOIN pg_class c ON c.relname = d.imei
SELECT (SELECT rolname FROM pg_roles LIMIT 1)
SELECT ARRAY(SELECT rolname FROM pg_roles)
VALUES ((SELECT count(*) FROM pg_class))
SELECT 1 UNION ALL TABLE pg_class
SELECT EXISTS (TABLE pg_authid)
WITH x AS (TABLE pg_roles) SELECT 1
WITH RECURSIVE x AS (SELECT oid FROM pg_class UNION SELECT * FROM x) TABLE x
WITH x AS (WITH pg_roles AS (SELECT 1) SELECT 1) SELECT * FROM pg_roles
SELECT * FROM (WITH pg_roles AS (SELECT 1) TABLE pg_roles) q UNION SELECT 1 FROM pg_roles
