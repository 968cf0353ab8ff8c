-- The role that fleetmcp reads with. Run by a superuser, with psql, in the analytics database.
-- Everything happens in one transaction; run it again at any time: it ends in the same state,
-- with the password given then. Variables:
--
--   password          required, 16 characters or more; never on a command line, so on stdin:
--                         { printf "\\set password '%s'\n" "$PW"; cat analytics_ro_role.sql; } |
--                             psql -X -q -U postgres -d tracksolid_db
--   schemas           readable schemas                    reporting,tracksolid
--   owners            who owns their objects              tracksolid_owner
--   denied            columns closed to the role, as schema.table.column, ...   (not given: what
--                     is closed stays closed; given empty: opens all)
--   connection_limit  connections at a time               50
--   harden            also take dangerous functions from PUBLIC in this database   off

\set ECHO none
\set ECHO_HIDDEN off
\set QUIET on
\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT on
\set SINGLESTEP off
-- Terse: no excerpt of a failing statement, for it could hold the password.
\set VERBOSITY terse
\pset pager off

\if :{?schemas} \else \set schemas 'reporting,tracksolid' \endif
\if :{?owners} \else \set owners 'tracksolid_owner' \endif
\if :{?connection_limit} \else \set connection_limit 50 \endif
\if :{?harden} \else \set harden off \endif
\if :{?password} \else \set password '' \endif
\if :{?denied} \set denied_given on \else \set denied_given off \set denied '' \endif

BEGIN;

DO $$
BEGIN
    IF current_setting('is_superuser') <> 'on' THEN
        RAISE EXCEPTION 'analytics_ro: "%" is not a superuser; connect as one (for instance postgres) and run this again', current_user;
    END IF;
END $$;

-- Whatever the server is told to log, it is not told this.
SET LOCAL log_statement = 'none';
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL log_min_duration_sample = -1;
SET LOCAL log_transaction_sample_rate = 0;
SET LOCAL debug_print_parse = off;
SET LOCAL debug_print_rewritten = off;
SET LOCAL debug_print_plan = off;
SET LOCAL pg_stat_statements.track = 'none';
SET LOCAL pgaudit.log = 'none';
SET LOCAL auto_explain.log_min_duration = -1;
SET LOCAL password_encryption = 'scram-sha-256';
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = pg_catalog, pg_temp;

-- Two runs at a time take turns.
SELECT pg_advisory_xact_lock(727203) \g /dev/null

SELECT set_config('fleetmcp.password', :'password', true) IS NULL AS done,
       set_config('fleetmcp.schemas', :'schemas', true) IS NULL AS done,
       set_config('fleetmcp.owners', :'owners', true) IS NULL AS done,
       set_config('fleetmcp.denied', :'denied', true) IS NULL AS done,
       set_config('fleetmcp.denied_given', :'denied_given', true) IS NULL AS done,
       set_config('fleetmcp.harden', :'harden', true) IS NULL AS done,
       set_config('fleetmcp.connection_limit', :'connection_limit', true) IS NULL AS done
\g /dev/null
\unset password

CREATE FUNCTION pg_temp.listed(setting text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT DISTINCT btrim(x) FROM unnest(string_to_array(current_setting('fleetmcp.' || setting), ',')) x
     WHERE btrim(x) <> '' ORDER BY 1
$$;

-- What we were given ---------------------------------------------------------------------

DO $$
DECLARE
    secret text := current_setting('fleetmcp.password');
    missing text;
BEGIN
    IF secret = '' THEN
        RAISE EXCEPTION 'analytics_ro: no password was given; feed "\set password ''...''" on stdin before this script (see its head)';
    ELSIF length(secret) < 16 OR secret !~ '^[!-~]+$' OR secret ~ '^md5' THEN
        RAISE EXCEPTION 'analytics_ro: the password must have 16 or more printable ASCII characters, no blanks, and not be an md5 hash; 48 hex characters are a good choice';
    END IF;
    SELECT string_agg(s, ', ') INTO missing FROM pg_temp.listed('schemas') s
     WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'analytics_ro: database "%" has no schema %; connect to the analytics database, or name its schemas in the variable schemas', current_database(), missing;
    END IF;
    SELECT string_agg(s, ', ') INTO missing FROM pg_temp.listed('schemas') s
     WHERE s ~ '^pg_' OR s IN ('information_schema', 'public') OR s ~ '^_timescaledb';
    IF missing IS NOT NULL OR NOT EXISTS (SELECT FROM pg_temp.listed('schemas')) THEN
        RAISE EXCEPTION 'analytics_ro: the variable schemas must name schemas of your own, not %', coalesce(missing, 'nothing');
    END IF;
    SELECT string_agg(o, ', ') INTO missing FROM pg_temp.listed('owners') o
     WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = o) OR o = 'analytics_ro';
    IF missing IS NOT NULL OR NOT EXISTS (SELECT FROM pg_temp.listed('owners')) THEN
        RAISE EXCEPTION 'analytics_ro: there is no owner role %; name the roles that own the readable objects in the variable owners', coalesce(missing, '(none was given)');
    END IF;
    SELECT string_agg(d, ', ') INTO missing FROM pg_temp.listed('denied') d
     WHERE NOT EXISTS (
        SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE format('%s.%s.%s', nspname, relname, attname) = d AND attnum > 0
           AND nspname IN (SELECT pg_temp.listed('schemas')));
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'analytics_ro: no such column to deny in the readable schemas: %', missing;
    END IF;
    IF current_setting('fleetmcp.connection_limit') !~ '^[1-9][0-9]{0,5}$'
       OR current_setting('fleetmcp.harden') NOT IN ('on', 'off') THEN
        RAISE EXCEPTION 'analytics_ro: connection_limit must be a number from 1, harden must be on or off';
    END IF;
END $$;

-- The role itself ------------------------------------------------------------------------

DO $$
DECLARE
    membership record;
    owned text;
    version int := current_setting('server_version_num')::int;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_ro') THEN
        CREATE ROLE analytics_ro;
    END IF;
    EXECUTE format(
        'ALTER ROLE analytics_ro LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION'
        ' NOBYPASSRLS NOINHERIT CONNECTION LIMIT %s VALID UNTIL ''infinity'' PASSWORD %L',
        current_setting('fleetmcp.connection_limit'), current_setting('fleetmcp.password'));
    PERFORM set_config('fleetmcp.password', '', true);

    FOR membership IN
        SELECT roleid::regrole AS role, grantor::regrole AS grantor
          FROM pg_auth_members WHERE member = 'analytics_ro'::regrole
    LOOP
        EXECUTE format('REVOKE %s FROM analytics_ro', membership.role)
                || CASE WHEN version >= 160000
                        THEN format(' GRANTED BY %s CASCADE', membership.grantor) ELSE '' END;
    END LOOP;

    SELECT string_agg(DISTINCT coalesce(d.datname, '(shared)'), ', ') INTO owned
      FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
     WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = 'analytics_ro'::regrole
       AND s.deptype = 'o';
    IF owned IS NOT NULL THEN
        RAISE EXCEPTION 'analytics_ro: the role owns objects in: %; give them to their rightful owner there (REASSIGN OWNED BY analytics_ro TO ...) and run this again', owned;
    END IF;
END $$;

ALTER ROLE analytics_ro SET default_transaction_read_only = on;
ALTER ROLE analytics_ro SET statement_timeout = '30s';
ALTER ROLE analytics_ro SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE analytics_ro SET lock_timeout = '5s';
ALTER ROLE analytics_ro SET temp_file_limit = '2GB';
-- A setting for the role in one database would win over those above.
DO $$
BEGIN
    EXECUTE format('ALTER ROLE analytics_ro IN DATABASE %I RESET ALL', current_database());
END $$;

-- What it may not do (any more) ----------------------------------------------------------

-- Columns to close: those that are denied or, when nobody said what is denied now, those that are
-- closed on tables of which others are open. Partitions and chunks hold the same values.
CREATE TEMP TABLE closed ON COMMIT DROP AS
WITH RECURSIVE family (relation, attname) AS (
    SELECT c.oid, a.attname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE nspname IN (SELECT pg_temp.listed('schemas'))
       AND CASE WHEN current_setting('fleetmcp.denied_given') = 'on'
                THEN format('%s.%s.%s', nspname, relname, attname)
                     IN (SELECT pg_temp.listed('denied'))
                ELSE NOT has_column_privilege('analytics_ro', c.oid, a.attnum, 'SELECT')
                     AND EXISTS (SELECT FROM pg_attribute o, aclexplode(o.attacl) acl
                                  WHERE o.attrelid = c.oid
                                    AND acl.grantee = 'analytics_ro'::regrole)
           END
    UNION
    SELECT i.inhrelid, f.attname FROM family f JOIN pg_inherits i ON i.inhparent = f.relation
)
SELECT f.relation::regclass AS relation, f.attname,
       n.nspname IN (SELECT pg_temp.listed('schemas')) AS served
  FROM family f JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace;

DO $$
DECLARE
    place record;
    old record;
BEGIN
    FOR place IN
        SELECT nspname FROM pg_namespace
         WHERE nspname !~ '^pg_(toast|temp)' AND nspname NOT IN ('pg_catalog', 'information_schema')
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA %1$I FROM analytics_ro;
                        REVOKE ALL ON ALL TABLES IN SCHEMA %1$I FROM analytics_ro;
                        REVOKE ALL ON ALL SEQUENCES IN SCHEMA %1$I FROM analytics_ro;
                        REVOKE ALL ON ALL ROUTINES IN SCHEMA %1$I FROM analytics_ro', place.nspname);
    END LOOP;
    FOR old IN
        SELECT DISTINCT defaclrole::regrole AS owner, nspname,
               CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                    WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END AS kind
          FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace,
               aclexplode(defaclacl) acl
         WHERE acl.grantee = 'analytics_ro'::regrole AND defaclobjtype IN ('r', 'S', 'f', 'T', 'n')
    LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %s %s REVOKE ALL ON %s FROM analytics_ro',
                       old.owner, coalesce('IN SCHEMA ' || quote_ident(old.nspname), ''), old.kind);
    END LOOP;

    -- What PUBLIC gives, everybody has. The owners keep what they may have relied on.
    EXECUTE format('REVOKE ALL ON DATABASE %1$I FROM analytics_ro;
                    GRANT TEMPORARY ON DATABASE %1$I TO %2$s;
                    REVOKE CREATE, TEMPORARY ON DATABASE %1$I FROM PUBLIC',
                   current_database(),
                   (SELECT string_agg(quote_ident(o), ', ') FROM pg_temp.listed('owners') o));
    FOR place IN
        SELECT nspname FROM pg_namespace
         WHERE nspname IN (SELECT pg_temp.listed('schemas') UNION ALL SELECT 'public')
    LOOP
        EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', place.nspname);
    END LOOP;
END $$;

-- What it may do -------------------------------------------------------------------------

DO $$
DECLARE
    place text;
    holder text;
    part record;
    routine record;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO analytics_ro', current_database());
    FOR place IN SELECT pg_temp.listed('schemas') LOOP
        -- ALL TABLES means views, materialized views and foreign tables too.
        EXECUTE format('GRANT USAGE ON SCHEMA %1$I TO analytics_ro;
                        GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO analytics_ro', place);
        FOR holder IN SELECT pg_temp.listed('owners') LOOP
            EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %2$I
                                GRANT SELECT ON TABLES TO analytics_ro;
                            ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %2$I
                                GRANT EXECUTE ON FUNCTIONS TO analytics_ro', holder, place);
        END LOOP;
    END LOOP;
    FOR routine IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
         WHERE nspname IN (SELECT pg_temp.listed('schemas')) AND prokind <> 'p' AND NOT prosecdef
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO analytics_ro', routine.name);
    END LOOP;
    FOR part IN
        SELECT t.relation, string_agg(quote_ident(a.attname), ', ')
                           FILTER (WHERE c.attname IS NULL) AS readable
          FROM (SELECT DISTINCT relation FROM closed WHERE served) t
          JOIN pg_attribute a ON a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN closed c ON c.relation = t.relation AND c.attname = a.attname
         GROUP BY 1
    LOOP
        IF part.readable IS NULL THEN
            RAISE EXCEPTION 'analytics_ro: every column of % is denied; leave one readable, or keep the table out of the readable schemas', part.relation;
        END IF;
        EXECUTE format('REVOKE SELECT ON %1$s FROM analytics_ro;
                        GRANT SELECT (%2$s) ON %1$s TO analytics_ro', part.relation, part.readable);
    END LOOP;
END $$;

-- Optional: side effects that any role may cause with a plain SELECT. The owners keep them.
DO $$
DECLARE
    risky record;
    holders text := (SELECT string_agg(quote_ident(o), ', ') FROM pg_temp.listed('owners') o);
BEGIN
    IF current_setting('fleetmcp.harden') = 'off' THEN
        RETURN;
    END IF;
    FOR risky IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
         WHERE prokind = 'f' AND has_function_privilege('analytics_ro', p.oid, 'EXECUTE')
           AND (nspname = 'pg_catalog' OR nspname = 'public')
           AND proname ~ ('^(pg_(try_)?advisory_|pg_logical_emit_message$|pg_notify$|pg_sleep'
                       || '|pg_(terminate|cancel)_backend$|pg_export_snapshot$'
                       || '|(query|table|cursor|schema|database)_to_xml|ts_stat$'
                       || '|lo_|lowrite$|loread$|dblink|crosstab|connectby)')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %1$s FROM PUBLIC;
                        GRANT EXECUTE ON FUNCTION %1$s TO %2$s', risky.name, holders);
    END LOOP;
END $$;

-- What came out of it --------------------------------------------------------------------

DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text) INTO found
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname IN (SELECT pg_temp.listed('schemas'))
       AND (has_table_privilege('analytics_ro', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
            OR has_any_column_privilege('analytics_ro', c.oid, 'INSERT, UPDATE'));
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'analytics_ro: PUBLIC may write to %; revoke that (REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ... FROM PUBLIC) and run this again', found;
    END IF;
    SELECT string_agg(format('%s.%s', relation, attname), ', ') INTO found
      FROM closed WHERE has_column_privilege('analytics_ro', relation, attname, 'SELECT');
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'analytics_ro: still readable though denied: %; PUBLIC has SELECT there, revoke it and run this again', found;
    END IF;
    SELECT string_agg(p.oid::regprocedure::text, ', ') INTO found
      FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
     WHERE prosecdef AND nspname IN (SELECT pg_temp.listed('schemas'))
       AND has_function_privilege('analytics_ro', p.oid, 'EXECUTE');
    IF found IS NOT NULL THEN
        RAISE WARNING 'analytics_ro: these functions run with their owner''s rights and PUBLIC may call them: %', found;
    END IF;
    SELECT string_agg(DISTINCT format('%s (owned by %I)', c.oid::regclass, pg_get_userbyid(relowner)), ', ')
      INTO found
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname IN (SELECT pg_temp.listed('schemas'))
       AND pg_get_userbyid(relowner) NOT IN (SELECT pg_temp.listed('owners'));
    IF found IS NOT NULL THEN
        RAISE WARNING 'analytics_ro: readable now, but new objects of these owners will not be until they are in the variable owners: %', found;
    END IF;
END $$;

SELECT format('analytics_ro is ready in %I: %s relations and %s functions readable in %s%s.',
              current_database(),
              (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
                  AND nspname IN (SELECT pg_temp.listed('schemas'))
                  AND has_any_column_privilege('analytics_ro', c.oid, 'SELECT')),
              (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
                WHERE nspname IN (SELECT pg_temp.listed('schemas')) AND prokind = 'f'
                  AND has_function_privilege('analytics_ro', p.oid, 'EXECUTE')),
              (SELECT string_agg(s, ', ') FROM pg_temp.listed('schemas') s),
              (SELECT coalesce('; denied: ' || string_agg(format('%s.%s', relation, attname), ', '), '')
                 FROM closed WHERE served)) AS report
\gset
COMMIT;
\echo :report
