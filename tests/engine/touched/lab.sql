SET check_function_bodies = off;
CREATE SCHEMA lab;
CREATE TABLE lab.people (
  id int PRIMARY KEY, name text, phone text, city text, boss int,
  loud text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE lab.cars (id int PRIMARY KEY, owner int, plate text, city text);
CREATE TABLE lab.events (id int, person int, at date, note text) PARTITION BY RANGE (at);
CREATE TABLE lab.events_2026 PARTITION OF lab.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE lab."Odd Name" ("A b" int, "select" int);
CREATE FUNCTION lab.phone_of(p int) RETURNS text LANGUAGE sql STABLE
  RETURN (SELECT x.phone FROM lab.people x WHERE x.id = p);
CREATE FUNCTION lab.said(p lab.people) RETURNS text LANGUAGE sql STABLE AS 'SELECT p.name';
CREATE FUNCTION lab.chained(n int) RETURNS text LANGUAGE sql STABLE
  AS 'SELECT lab.phone_of(c.owner) FROM cars c WHERE c.id = n';
CREATE FUNCTION lab.notes(who int) RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
DECLARE town text; r record;
BEGIN
  town := (SELECT p.city FROM lab.people p WHERE p.id = who);
  FOR r IN SELECT plate FROM lab.cars WHERE cars.city = town LOOP RETURN NEXT r.plate; END LOOP;
  IF EXISTS (SELECT FROM lab.events) THEN RETURN QUERY SELECT e.note FROM lab.events e; END IF;
END $$;
CREATE FUNCTION lab.garage(who int) RETURNS TABLE (plate_no text, town text) LANGUAGE sql STABLE
  AS 'SELECT plate, city FROM lab.cars WHERE owner = who';
CREATE AGGREGATE lab.glued (text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE VIEW lab.named AS SELECT id, name FROM lab.people;
CREATE VIEW lab.jsons AS SELECT row_to_json(p) AS j, p.city FROM lab.people p;
CREATE VIEW lab.counted AS SELECT count(*) AS n FROM lab.people;
CREATE VIEW lab.deep AS SELECT n.name, lab.phone_of(n.id) AS p FROM lab.named n;
CREATE VIEW lab.louder AS SELECT loud FROM lab.people;
CREATE VIEW lab.latest AS SELECT note FROM lab.events_2026;
CREATE MATERIALIZED VIEW lab.kept AS SELECT plate FROM lab.cars;
GRANT USAGE ON SCHEMA lab TO analytics_ro;
GRANT SELECT ON ALL TABLES IN SCHEMA lab TO analytics_ro;
