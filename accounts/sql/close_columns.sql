
-- Each denied column, with the partitions and chunks that hold it too.
CREATE TEMP TABLE closed ON COMMIT DROP AS
WITH RECURSIVE family (relation, attname) AS (
    SELECT c.oid, d.attname FROM denied d
      JOIN pg_namespace n ON n.nspname = d.nspname
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = d.relname
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION
    SELECT i.inhrelid, f.attname FROM family f JOIN pg_inherits i ON i.inhparent = f.relation
)
SELECT a.attrelid::regclass AS relation, a.attname, a.attnum
  FROM family f JOIN pg_attribute a ON a.attrelid = f.relation AND a.attname = f.attname
 WHERE a.attnum > 0 AND NOT a.attisdropped;

CREATE TEMP TABLE report (line text) ON COMMIT DROP;

DO $$
DECLARE
    part record;
    found text;
BEGIN
    SELECT string_agg(concat_ws('.', d.nspname, d.relname, d.attname), ', ') INTO found
      FROM denied d
     WHERE NOT EXISTS (SELECT FROM pg_attribute a
                         JOIN pg_class c ON c.oid = a.attrelid
                         JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = d.nspname AND c.relname = d.relname
                          AND a.attname = d.attname AND NOT a.attisdropped);
    IF found IS NOT NULL THEN
        RAISE WARNING 'analytics_ro: no such column, nothing to close: %; if a name is misspelled, correct the list', found;
    END IF;

    -- Close: a right on the whole table would win over the column's. What the role could not
    -- read before is not opened here; a chunk outside of the readable schemas needs no grant.
    FOR part IN
        SELECT c.oid::regclass AS relation,
               (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                  FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                   AND n.nspname IN (SELECT nspname FROM readable)
                   AND NOT EXISTS (SELECT FROM closed k WHERE k.relation = c.oid
                                      AND k.attnum = a.attnum)) AS rest
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid IN (SELECT relation FROM closed)
           AND has_any_column_privilege('analytics_ro', c.oid, 'SELECT')
    LOOP
        EXECUTE format('REVOKE SELECT ON %s FROM analytics_ro', part.relation);
        IF part.rest IS NOT NULL THEN
            EXECUTE format('GRANT SELECT (%s) ON %s TO analytics_ro', part.rest, part.relation);
        END IF;
    END LOOP;

    -- Open again: a table of which the role has some columns, and none is denied any more.
    FOR part IN
        SELECT c.oid::regclass AS relation
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN (SELECT nspname FROM readable)
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND c.oid NOT IN (SELECT relation FROM closed)
           AND NOT has_table_privilege('analytics_ro', c.oid, 'SELECT')
           AND EXISTS (SELECT FROM pg_attribute a, aclexplode(a.attacl) acl
                        WHERE a.attrelid = c.oid AND acl.grantee = 'analytics_ro'::regrole
                          AND acl.privilege_type = 'SELECT')
    LOOP
        EXECUTE format('REVOKE SELECT ON %1$s FROM analytics_ro;
                        GRANT SELECT ON %1$s TO analytics_ro', part.relation);
        INSERT INTO report VALUES (format('open again: %s', part.relation));
    END LOOP;

    -- What came out of it.
    SELECT string_agg(format('%s.%I', relation, attname), ', ') INTO found
      FROM closed WHERE has_column_privilege('analytics_ro', relation, attnum, 'SELECT');
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'analytics_ro: still readable though denied: %; PUBLIC or another role gives it SELECT there, revoke that and run this again', found;
    END IF;
    SELECT string_agg(DISTINCT v.oid::regclass::text, ', ') INTO found
      FROM closed k
      JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = k.relation
       AND d.refobjsubid = k.attnum AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_rewrite r ON r.oid = d.objid
      JOIN pg_class v ON v.oid = r.ev_class
     WHERE v.oid <> k.relation AND has_any_column_privilege('analytics_ro', v.oid, 'SELECT');
    IF found IS NOT NULL THEN
        RAISE WARNING 'analytics_ro: these views read a denied column with their owner''s rights and may show it; deny their columns too, or change them: %', found;
    END IF;
    INSERT INTO report SELECT format('closed: %s.%I', relation, attname) FROM closed;
END $$;

SELECT coalesce(string_agg(line, E'\n' ORDER BY line), 'analytics_ro: no column is denied, nothing had to change') AS report
  FROM report \gset
COMMIT;
\echo :report
