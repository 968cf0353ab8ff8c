"""Every promise of fleetmcp, by id. ``test_requirements.py`` holds tests and promises together."""

from __future__ import annotations

REQUIREMENTS = {
    "AUDIT-ADMIN-ESCAPED": "Hostile text arrives escaped on list, detail and search pages.",
    "AUDIT-ADMIN-QUERIES": (
        "The list page costs the same number of queries for one row as for many."
    ),
    "AUDIT-ADMIN-READ-ONLY": (
        "Nobody adds, changes or deletes history through the pages, superusers included."
    ),
    "AUDIT-ADMIN-RIGHTS": "Only staff with the view right read the history.",
    "AUDIT-ADMIN-SEARCH": "A query is found by a piece of its SQL, and by person and outcome through the filters.",
    "AUDIT-BUSY": "A busy app database delays calls, loses nothing, and delays no health check.",
    "AUDIT-CLOSE-ONCE": "A row is closed once; a second close changes and prints nothing.",
    "AUDIT-CRASH": "After kill -9 under load, every statement in PostgreSQL's log has a row.",
    "AUDIT-EVENT-PAGES": "Events, seals and objects ever read have pages to read, to find things in, and to change for nobody.",
    "AUDIT-FAIL-CLOSED": "A call that can't be recorded does not run.",
    "AUDIT-FILL": "An invented history is the same each time, keeps the record's own rules, and never mixes with a real one.",
    "AUDIT-FILTERS": "Each filter of the query history finds its rows and no others, alone and with others.",
    "AUDIT-HANG-UP": "A client that hangs up at any moment leaves no row open.",
    "AUDIT-HIDDEN-CHARACTERS": "Control and direction characters are shown as codes; 60 kB of any SQL arrive whole and escaped.",
    "AUDIT-LINE": "Each close prints one line of printable ASCII, whatever the call holds.",
    "AUDIT-LIST-BOUNDED": "The history's list reads no more than a bounded part at once, says how far it came, and goes on from there.",
    "AUDIT-LONG-TEXT": "A page of very long texts shows their beginning, small and quick, and says so.",
    "AUDIT-MALFORMED": (
        "Unknown tools, bad arguments and bodies that are no call have a row and a clear answer."
    ),
    "AUDIT-NAME-THEN": "The history names people as they were named then, and marks who is named otherwise now.",
    "AUDIT-NO-CLAIM": "A row never shows SQL that did not run.",
    "AUDIT-NO-VALUES": "The record has no column for a result's values.",
    "AUDIT-OPEN": "The row says who, what and where, and is `running` before the work.",
    "AUDIT-OTHER-TEAMS": "No figure, suggestion, filter or answer tells a lead what other teams read.",
    "AUDIT-PROTECT": "A person or token with history can't be deleted.",
    "AUDIT-ROW-PAGE": "A query's page shows its SQL, times, objects, limits, seal and related rows.",
    "AUDIT-RUNNING-PAGE": "Running now shows what runs of whom one may see, and its button stops it.",
    "AUDIT-SEARCH-INDEX": "Search has an index on SQLite and PostgreSQL that follows the rows and comes back when lost.",
    "AUDIT-STORABLE": "Any text is stored whole and readable; over-long words are cut.",
    "AUDIT-VISIBLE": "Leads see their teams' queries on every way, auditors and superusers all, others none.",
    "AUDIT-WORDS": "Every reason is explained in words and every tool can be chosen.",
    "CANCEL-ANYWHERE": (
        "A mark on the row or the client's notification stops a running or waiting question within two seconds."
    ),
    "CANCEL-CALL": "A client cancels its own running call by its JSON-RPC id, and no other.",
    "CANCEL-HANG-UP": "A client that hangs up cancels its query in PostgreSQL within two seconds.",
    "CANCEL-MARK": "A running query can be marked from any process; who asked first stays.",
    "CANCEL-WATCH": "Watching many queries costs one query.",
    "CATALOG-CAPS": "Very wide tables and many indexes are cut and say so.",
    "CATALOG-COLUMNS": (
        "Columns have their exact type, nullability and default; empty fields are left out."
    ),
    "CATALOG-COMMON-VALUES": (
        "Columns with few values show some, shortened; row security hides them."
    ),
    "CATALOG-FOLDED": "Partitions and chunks are counted in their table and never listed.",
    "CATALOG-FRESH": "A table whose time column leads an index says how far its data reaches.",
    "CATALOG-FUNCTIONS": "A function is marked callable exactly when guard and role allow it.",
    "CATALOG-KEYS": (
        "Primary and foreign keys and indexes are shown to a role that may only select."
    ),
    "CATALOG-LOCKED": "A table that is being changed or refreshed is still listed and described.",
    "CATALOG-NEAREST": (
        "An unknown or hostile table name is refused with the nearest readable names."
    ),
    "CATALOG-ONLY-READABLE": "What the role can't read is named nowhere in a description.",
    "CATALOG-SEARCH-LARGE": "Hundreds of tables with thousands of columns are searched.",
    "CATALOG-SEARCH-RANK": "Exact names come first, then beginnings, words, parts and comments.",
    "CATALOG-SEARCH-READABLE": "A search finds nothing that the role can't read.",
    "CATALOG-SEARCH-TEXT": "Any text is searched for; one without a word is refused.",
    "CATALOG-SEARCH-WORDS": "All words must match somewhere; if nothing matches all, any do.",
    "CATALOG-TABLES": (
        "Each relation has kind, comment, estimated rows and size, a view only what it has."
    ),
    "CATALOG-TIMESCALE": (
        "A hypertable shows size, time column, chunk interval and range; hidden ones don't appear."
    ),
    "CATALOG-UNREADABLE-COLUMN": (
        "A denied column is marked, shows no value, and is left out of samples."
    ),
    "CATALOG-VERSIONS": "Every installed PostgreSQL version answers alike.",
    "CATALOG-VIEW": "A view shows its definition, cut when it is long.",
    "CHECK-CLEAN": "Good settings pass every check without a warning.",
    "CHECK-E001": "A missing or non-PostgreSQL DATABASE_URL is an error with a hint.",
    "CHECK-E002": "Empty or system schemas in ANALYTICS_SCHEMAS are an error.",
    "CHECK-W001": "ANALYTICS_ALLOW_UNSAFE_ROLE is warned about.",
    "CHECK-W002": "DEBUG is warned about.",
    "CLIENT-CLAUDE-CODE": "The real Claude Code connects, sees six tools and gets rows.",
    "CLIENT-CLAUDE-CODE-OAUTH": "The real Claude Code signs in by OAuth on each path, and is out when denied or revoked.",
    "CONFORMANCE-AUTHORIZATION": "The MCP conformance suite's authorization scenarios pass, all three checks.",
    "CONFORMANCE-SERVER": "The MCP conformance suite's server scenarios pass, but for a written list of what does not apply.",
    "DATABASE-DOWN": (
        "The server starts without the analytics database, says so, and recovers by itself."
    ),
    "DATABASE-FROZEN": (
        "A frozen database freezes no health check, and everything recovers when it moves again."
    ),
    "DEMO-CLEAR-ERRORS": "Missing programs or a taken port are refused with cause and remedy.",
    "DEMO-COMMAND": (
        "scripts/demo starts, answers, stops without a trace and keeps everything for the next start."
    ),
    "DEMO-COMMENTS": "Every schema, table, view, column and function has a comment.",
    "DEMO-EXTENSIONS": (
        "With TimescaleDB and PostGIS there are a hypertable and points, with the same rows."
    ),
    "DEMO-KILL": "After a kill at any point, launcher or server, the next start works.",
    "DEMO-OBJECTS": "Every object of the field exists and belongs to the owner.",
    "DEMO-OWN-DATABASE": "With DATABASE_URL set the demo starts no server.",
    "DEMO-PLAUSIBLE": "Nothing impossible happens in the data, and every kind of event occurs.",
    "DEMO-PRIVATE": (
        "The demo's PostgreSQL listens on loopback only and asks the network for a password."
    ),
    "DEMO-QUESTION": "The first prompts of the guide are one simple query each.",
    "DEMO-REFUSES": "The demo refuses a taken port and a folder that isn't its own.",
    "DEMO-RESUME": "A killed load is completed by the next run; a complete one is kept.",
    "DEMO-ROOT": "Root runs the demo's PostgreSQL as nobody, and opens no folder for that.",
    "DEMO-SAME": "The same as-of date gives the same rows on every PostgreSQL.",
    "DEMO-SIZE": "The demo has 40 vehicles, 30 days and about 400,000 positions.",
    "DEMO-START": "Starting again finds the running server or brings the stopped one back.",
    "DENY-ADMIN": "Superusers add and take away entries, auditors look, nobody changes one.",
    "DENY-CHECKED": "The database says which denied columns are readable, partitions included.",
    "DENY-EXPLAINED": "A refused privilege names the closed columns and those to take instead.",
    "DENY-LIST": (
        "An entry says which column, why and by whom; names that can't be one are refused."
    ),
    "DENY-SERVED": (
        "The server refuses while a denied column is open, and marks, leaves out and explains it once closed."
    ),
    "DENY-SERVES-NOT": "Nothing runs while a denied column is readable.",
    "DENY-SQL": (
        "What role_sql prints closes the denied columns against every trick, and reopens them."
    ),
    "DENY-SQL-FULL": (
        "role_sql --full is the role's script with the list set, and needs only the password."
    ),
    "DENY-SQL-QUOTED": (
        "Odd or hostile names and reasons are quoted: they close what they name and run nothing."
    ),
    "DOOR-HOSTS": "A foreign Host or Origin is refused.",
    "DOOR-LANDING": "GET / is a page for people that says how to connect.",
    "DOOR-METHODS": "Any method but POST on the MCP paths is 405 with Allow: POST.",
    "DOOR-PATHS": "/mcp, /mcp/ and POST / answer alike, without a redirect.",
    "DOOR-REVOKED": "A revoked token is refused at the very next call.",
    "DOOR-SIZE": "A body larger than 512 KiB is refused with the limit.",
    "DOOR-VERSION": (
        "An unknown protocol version gets the SDK's own answer, so that clients fall back."
    ),
    "ENV-DEFAULT": "A missing or blank variable means the default.",
    "ENV-DSN": "A DSN is read exactly as libpq reads it.",
    "ENV-DSN-REFUSED": (
        "What is no DSN for one host is refused with the form to write and without the secret."
    ),
    "ENV-FILE": "A secret may come from NAME_FILE; an unreadable or empty file is refused.",
    "ENV-FUZZ": (
        "Whatever the input, a reader returns a value or raises BadSetting naming the variable."
    ),
    "ENV-HTTPS": "An https PUBLIC_URL makes cookies secure and sets HSTS; http does not.",
    "ENV-ORIGIN": "PUBLIC_URL is one plain origin, without wildcard, path or credentials.",
    "ENV-SAFE-DEFAULT": (
        "DEBUG and the unsafe role are off by default; no DSN option switches read-only off."
    ),
    "ENV-SECRET-KEY": "No or a short SECRET_KEY ends in one sentence; SECRET_KEY_FILE works.",
    "ENV-SILENT": "No piece of a value is in any refusal, and a refusal is one sentence.",
    "ENV-STRICT": "Only exact words and plain integers in range are read.",
    "ERROR-NEAREST": (
        "An unknown table, column or function is answered with the nearest readable names."
    ),
    "ERROR-NO-SECRET": "No error carries the DSN, the host or the password.",
    "ERROR-PLACE": "A database error keeps its SQLSTATE and points into the analyst's own text.",
    "EVENT-CANCEL": "A cancel by somebody else is recorded; deactivating and pausing can stop what runs.",
    "EVENT-FAIL-CLOSED": "What can't be recorded does not happen.",
    "EVENT-PEOPLE": "What happens to people and teams is recorded.",
    "EVENT-RECORD": "An event keeps any text whole or cut to its column.",
    "EVENT-SERVER": "Pauses and the deny-list are recorded.",
    "EVENT-SIGN-IN": "Sign-ins, failures and sign-outs are recorded with the address, and no password.",
    "EVENT-TOKENS": "A token's life is recorded, and never its secret.",
    "EXPLAIN-CHUNKS": "A missing time filter tells how many chunks would be read.",
    "EXPLAIN-ERRORS": "Errors point into the analyst's own text; a deep plan never crashes.",
    "EXPLAIN-FOLDED": "Chunks and partitions appear as their table.",
    "EXPLAIN-JOINS": "Cross joins and pairwise comparisons are named with their size.",
    "EXPLAIN-NEVER-RUNS": "The statement is planned and never run; only a SELECT is taken.",
    "EXPLAIN-NO-IDLE-TALK": (
        "Sound statements get no advice, nor advice on an index that isn't there."
    ),
    "EXPLAIN-ONLY-READABLE": "Hidden tables have no name in a plan; denied columns are denied.",
    "EXPLAIN-PLAN": "A plan is a short tree with rows, cost and the expensive steps.",
    "EXPLAIN-SIZE": "Sorts on disk and too many rows are told with numbers.",
    "EXPLAIN-TIME-FILTER": (
        "A big table read whole is advised to filter on its indexed time column."
    ),
    "EXPORT-COMMAND": "The command writes each format, goes on record, and never overwrites a file.",
    "EXPORT-COMPLETE": "A file that is not complete is recognised by its end.",
    "EXPORT-ESCAPED": "Hostile filters arrive escaped on the export page.",
    "EXPORT-EVIDENCE": "Evidence verifies by itself, agrees with the server, and says what it does not prove.",
    "EXPORT-FILTER": "An export holds what the list's filter shows.",
    "EXPORT-FORMULA": "No cell of a CSV runs as a formula, and control characters are spelled out.",
    "EXPORT-RECORDED": "An export is an event with filter, format and rows, written before its first byte.",
    "EXPORT-RIGHTS": "Only those with the right export, and only what they may see.",
    "EXPORT-STREAM": "A download begins before it is made, under ASGI too.",
    "EXPORT-TAMPERED": "The script names each row that was edited, deleted, put in or moved, and seals and manifests that don't fit.",
    "EXPORT-UNPROVEN": "The script says which rows and seals of a file prove nothing, and no word of the file speaks for it.",
    "FINGERPRINT": "Statements that differ in constants and layout only have one fingerprint, refused ones too.",
    "FORMAT-CSV": "CSV is what PostgreSQL's own COPY writes, within the same limits.",
    "FORMAT-MARKDOWN": "Markdown is one table, whatever the values hold.",
    "FORMAT-RECORDS": "Records are objects, and no column is lost to another of the same name.",
    "FORMAT-WIRE": "100 rows of 6 columns cost less than 9 kB on the wire, all parts counted.",
    "GUARD-ACCEPTS": "Every honest question of the table is accepted and runs.",
    "GUARD-ARGUMENTS": (
        "A function that reaches out with some arguments runs only with harmless ones."
    ),
    "GUARD-CATALOG-RELATIONS": (
        "No readable catalog relation shows jobs, definitions, settings or unreadable names."
    ),
    "GUARD-FUNCTION-VERDICTS": (
        "Every built-in function of a known server is judged; an unjudged one is noticed."
    ),
    "GUARD-FUNCTION-WELCOME": (
        "No harmless built-in is refused, and what analysts need is allowed."
    ),
    "GUARD-LISTS-READABLE": (
        "The verdict lists are sorted text a DBA can read, each refusal with a reason word."
    ),
    "GUARD-POLICY": (
        "Names mean what the running database makes of them, aggregates and hidden schemas included."
    ),
    "GUARD-REFUSES": "Every other statement of the table is refused with its code.",
    "GUARD-SIZES": "Hostile shapes and sizes are refused quickly and never end the process.",
    "HOUSE-DOCS": (
        "Every setting, tool, script and file that the documents name exists, and the other way round."
    ),
    "HOUSE-LOCK": "A lock that no longer belongs to pyproject.toml is found out.",
    "HOUSE-PROMISES": "Every promise has a test, and every test names a promise.",
    "HOUSE-README": "The README's commands and first lines are true.",
    "IP-LOOPBACK": "Only a direct request from this host is local.",
    "IP-NO-PROXY": "Without proxies the peer is the client; forwarded headers are not looked at.",
    "IP-PROXIES": (
        "With n proxies the n-th entry from the end is the client; spoofed ones before it are not."
    ),
    "IP-UNKNOWN": "An address that no proxy of ours vouches for is not recorded.",
    "LANES-NO-JAM": (
        "While eight clients are slow, another analyst's SELECT 1 answers within a second."
    ),
    "LANES-POOL-MAX": "There are never more connections than MCP_POOL_MAX.",
    "LEAD-COMMANDS": (
        "The lead's verbs work at the command line: rotate, pause, resume, add an analyst."
    ),
    "LEAD-POWER": (
        "A lead renames, empowers and changes nobody beyond their own analysts' limits and names."
    ),
    "LEAD-RIGHTS": (
        "Each of the cast reaches exactly the lead's pages, and does exactly the verbs, that are theirs."
    ),
    "LEAD-TEAM": "Lists, searches, filters and suggestions show a lead their own team alone.",
    "LIMIT-ROWS": "max_rows out of range is clamped, and the result says so; the default is 1000.",
    "LIMIT-TIME": (
        "PostgreSQL stops a statement at the timeout; a question waits no longer than the queue limit."
    ),
    "LOG-REFUSALS": "A refused request is one line of the log, without a traceback.",
    "LOG-UNFORGED": "Nothing from outside can start a line of the log.",
    "LOGIN-LIMIT": "Failed sign-ins are counted by name and address, and by address, over processes and restarts.",
    "LOGIN-NO-SIGNUP": "Nobody signs up or resets a password on their own: those pages don't exist.",
    "LOGIN-PASSWORD": "People change their own password; who has none has none to change.",
    "LOGIN-SAME": "Every wrong sign-in is told the same and costs the same work.",
    "LOGIN-SESSION": "A session ends with the browser, and after 12 hours in any case.",
    "LOGIN-WAY": "The admin's login is ours; staff land in the admin, analysts on their own page, nobody elsewhere.",
    "PAGES-ALL": "Every page within reach passes axe, light and dark, and never scrolls sideways at 360 or 1280 px.",
    "PAGES-COPY": "A copy button copies and says so.",
    "PAGES-CSP": "Every page carries `default-src 'self'`, and no browser finds a violation on any.",
    "PAGES-ERRORS": "Error pages are ours and say what to do.",
    "PAGES-HEADERS": "No page is cached, framed, sniffed, or told to other sites.",
    "PAGES-NASTY-VALUES": "No value in an address makes a page of the admin fail.",
    "PAGES-OWN": "A person sees their own tokens without secrets, limits, usage and questions, and nobody else's.",
    "PAGES-STRANGERS": "Strangers learn how to connect and where to sign in.",
    "PAGES-TIMES": "Moments are shown in the viewer's zone, with UTC on hover.",
    "PAUSE-ADMIN": (
        "A pause is confirmed and resumed on its page; auditors look; nobody rewrites it."
    ),
    "PAUSE-CANCEL": "A pause stops what runs when that is asked for.",
    "PAUSE-DOOR": (
        "While paused, every question is refused with the message and a row, in every process."
    ),
    "PAUSE-SWITCH": (
        "One pause at a time, with a message of one line; the door learns of it without a query more."
    ),
    "PEOPLE-ADD": (
        "An added analyst may ask, has no password and a team; everything about it is announced."
    ),
    "PEOPLE-ADMIN-ADD": "A lead adds analysts to teams that they lead, and to no other.",
    "PEOPLE-ADMIN-DEACTIVATE": (
        "A person is deactivated and activated with a reason, never by themselves."
    ),
    "PEOPLE-ADMIN-LIST": (
        "The list of people costs the same number of queries for few as for many."
    ),
    "PEOPLE-ADMIN-POWER": (
        "Only superusers hand out power and set passwords, and each time it is announced."
    ),
    "PEOPLE-DEACTIVATE": (
        "Deactivation shuts tokens, sessions and running queries at once; activation revives no session."
    ),
    "OAUTH-BROWSER": "In a real browser a person signs in, switches, agrees and denies; the page fits 360 px and nothing complains.",
    "OAUTH-CHALLENGE": "A 401 or 403 names the resource's metadata and the scope; `error` stands there only if something was sent.",
    "OAUTH-CLIENTS": "A client that is switched off is out at once; stale ones are cleaned, living ones stay.",
    "OAUTH-CONNECT": "Registration, consent, code and token lead to a caller with person, client and limits.",
    "OAUTH-CONNECT-PAGE": "The page on connecting names addresses, commands, settings and words that exist.",
    "OAUTH-CONSENT-ALWAYS": "No client skips the consent page, and only its own form agrees.",
    "OAUTH-CONSENT-PAGE": "The consent page says who asks, for what, in whose name, and where the answer goes; it warns and escapes.",
    "OAUTH-DCR-COMPLETE": "A registration's reply holds all that a client needs; a secret is shown once and then asked for.",
    "OAUTH-DCR-KIND": "Only clients of authorization_code, with or without refresh_token, register.",
    "OAUTH-DCR-LIMITS": "Registration is bounded in size and number, for one address and for all, and can be switched off.",
    "OAUTH-DCR-REDIRECTS": "A redirect address is https on a listed host or http on loopback, nothing else.",
    "OAUTH-DOCUMENTS": "A client known by a document on a listed host connects; other documents are not fetched.",
    "OAUTH-GATE": "A token opens only with its user, connection, audience, scope and time; no other token of the tables does.",
    "OAUTH-GRANTS": "Only codes and refresh tokens are traded for tokens.",
    "OAUTH-HASHED": "The database holds digests of tokens, never a token.",
    "OAUTH-ISS": "Each answer to a client, errors before consent too, carries the issuer and the state.",
    "OAUTH-LAST-USE": "First and last use of a connection are noted, at most once a minute.",
    "OAUTH-LIFETIMES": "An access token lives an hour; a connection slides with each refresh up to its end.",
    "OAUTH-METADATA": "Metadata stands at the root and for /mcp, made of PUBLIC_URL whatever the request says.",
    "OAUTH-METADATA-404": "An unknown well-known address is a plain 404.",
    "OAUTH-NO-SECRETS": "No page of the admin shows or filters by a token, a digest or a client's secret.",
    "OAUTH-OFFICIAL-CLIENT": "The official Python client connects, refreshes, and is out when replayed, revoked, deactivated or denied.",
    "OAUTH-ONE-LIST": "A lead sees a person's tokens and connections in one list and revokes either in one way; others can't.",
    "OAUTH-ONE-QUERY": "The gate costs one query, whatever is presented.",
    "OAUTH-PKCE": "A code without the right verifier is worth nothing.",
    "OAUTH-PREFIX": "A personal token works beside connections.",
    "OAUTH-RECORD": "Consent, tokens, refresh, replay and revocation each leave an event, without a secret.",
    "OAUTH-REDIRECT-EXACT": "Nothing is ever sent to an address that is not registered, or no longer allowed.",
    "OAUTH-REPLAY": "A code or refresh token that comes back ends its connection.",
    "OAUTH-RESOURCE": "A foreign resource is an invalid_target; each name of ours, or none, gives our audience.",
    "OAUTH-REVOKE": "A client that signs out ends its own connection, and nobody else's.",
    "OAUTH-SCOPE-TOLERANT": "Stray offline_access and blanks are tolerated; nothing else widens the scope.",
    "OAUTH-SWITCH": "Who is deactivated, revoked or no analyst any more can neither ask, connect nor refresh.",
    "POLICY-ADMIN": "Policies are made, changed and made default in the admin, by their verbs.",
    "POLICY-ADMIN-ASSIGN": (
        "A lead with the right assigns policies to analysts, never to themselves."
    ),
    "POLICY-BOUNDED": "Of a policy's limit and the server's setting the smaller holds.",
    "POLICY-DEFAULT": (
        "Exactly one policy is the default; it holds for all who have none, can't be deleted, and without it nobody comes in."
    ),
    "POLICY-ENFORCED": (
        "Every limit of a policy holds at the tools, with a sentence that says which."
    ),
    "POLICY-ONE-QUERY": "A caller's limits come in the one query that checks the token.",
    "POLICY-PROTECT": "A policy that somebody has can't be deleted.",
    "POLICY-SCHEMAS": (
        "A policy names schemas of the server; one that the server stopped serving opens no other."
    ),
    "POLICY-SIGNALS": "Each change and assignment is announced once, in the transaction.",
    "POLICY-VALID": "A policy out of range is refused and leaves nothing.",
    "POOLER-LAYERS": (
        "Behind PgBouncer in transaction mode every layer holds, and sessions do not mix."
    ),
    "PROGRESS": "A long query reports progress to a client that asked for it.",
    "PRUNE-DRY-RUN": "prune_audit deletes nothing without --yes.",
    "PRUNE-EVIDENCE": "A segment that does not verify is never pruned.",
    "PRUNE-FORGED": "An event allows no pruning but of the seals that it names and that were there; broken ones count for nothing.",
    "PRUNE-SEGMENTS": "prune_audit deletes whole old segments, tells of it, and the chain still verifies.",
    "READONLY-DEFAULT": (
        "default_transaction_read_only alone stops a write, on the role and on the connection."
    ),
    "READONLY-GUARD": "The guard alone stops a write.",
    "READONLY-ROLE": "The role's GRANTs alone stop every write.",
    "READONLY-TRANSACTION": (
        "The READ ONLY transaction alone stops a write, and it is always rolled back."
    ),
    "REFUSED-BOUNDED": "Refused requests take memory by their kinds, at most a thousand, not by their number.",
    "REFUSED-EVENT": "Refused requests are one event a minute for each address, reason and token.",
    "REFUSED-WHY": "The server knows why a token is refused; the client does not.",
    "REPLY-ONCE": (
        "Clients that know structured content get the data once; others find it in the text."
    ),
    "REPLY-SCHEMA": "Every tool answers as its output schema says.",
    "REPORT-CHARTS": "Drawings have names, round scales and tables with the same numbers, empty ones too.",
    "REPORT-COST": "The usage page costs the same number of queries for few people and days as for many.",
    "REPORT-COUNTS": "Every figure counts exactly the queries of the period; times are right to about 10 %.",
    "REPORT-DAYS": "Closed days are counted once, in order, as counting them again would, on both databases.",
    "REPORT-ESCAPED": "Hostile names and SQL arrive escaped in the usage page and its drawings; nothing is inline.",
    "REPORT-LINKS": "Each figure leads to its rows in the query history.",
    "REPORT-PERIOD": "A period is chosen by days or by first and last day; a wrong one is explained.",
    "REPORT-RIGHTS": "The usage page shows leads their team and auditors everyone, and others nothing.",
    "REPORT-UNUSUAL": "First times, busy days and off hours are found by each person's own habit.",
    "RESULT-CELL-CAP": "A large value is cut by PostgreSQL, and the result says so.",
    "RESULT-DISPLAY": (
        "Bytes are shortened with their length; no large value reaches the server whole."
    ),
    "RESULT-EXACT": (
        "Values come back exact, numbers and booleans as JSON's where JSON can hold them."
    ),
    "RESULT-ROW-CAP": "At most cap + 1 rows ever leave PostgreSQL, whatever the SQL says.",
    "RESULT-SHAPE": "Duplicate names, zero columns, zero rows and the order of rows are kept.",
    "RESULT-SIZE-CAP": (
        "A result that is too large is cut by PostgreSQL at a whole row, and says so."
    ),
    "REVIEW-DECIDE": (
        "A review keeps and revokes in one pass, all or nothing, with a reason, and is recorded."
    ),
    "REVIEW-PAGE": "The review shows a lead who of theirs has what, and what they used it for.",
    "ROLE-ATTRIBUTES": "A re-run strips attributes, memberships and grants that someone added.",
    "ROLE-BOOTSTRAP": (
        "The bootstrap makes the password once, applies the role and never shows the password."
    ),
    "ROLE-CHECKED": "Whatever the role may do besides reading is found and named.",
    "ROLE-CLEAR-ERRORS": (
        "A wrong database, schema, owner, variable or user is named, and nothing changes."
    ),
    "ROLE-DENIED": "Denied columns are closed and stay closed until said otherwise.",
    "ROLE-FUTURE": "What each listed owner makes later is readable by itself.",
    "ROLE-HARDEN": (
        "Hardening takes side-effect functions from PUBLIC and leaves them to the owners."
    ),
    "ROLE-IDEMPOTENT": "A second run changes nothing but the password; the old one is refused.",
    "ROLE-LIMITS": "New connections carry timeouts, temp-file limit and connection limit.",
    "ROLE-OVERRIDE": "Only an explicit setting lets an unsafe role work, and it logs loudly.",
    "ROLE-OWNS-NOTHING": "A role that owns something is refused and left as it was.",
    "ROLE-PASSWORD": "The password is stored as scram and appears in no log or output.",
    "ROLE-PUBLIC": "PUBLIC loses TEMP and CREATE; what else it may do is refused or pointed out.",
    "ROLE-READ-ONLY-SETTING": (
        "The role's default_transaction_read_only alone refuses a write that a grant would allow."
    ),
    "ROLE-READS": (
        "analytics_ro reads every table, view and materialized view and calls the functions."
    ),
    "ROLE-REFUSED": "With an unsafe role no tool works; the log lists what is wrong.",
    "ROLE-WRITES-NOTHING": (
        "The grants alone refuse every write, DDL, lock, temp table and refresh."
    ),
    "ROUTER-DEFAULT": "Every model is read from and written to `default`.",
    "ROUTER-MIGRATE": "No model is ever migrated into analytics_ro, even as superuser.",
    "SEAL-ABANDONED": "A row that a crash left open is closed as abandoned, and sealed.",
    "SEAL-CANONICAL": "A row has the same bytes on both databases, with every column in them.",
    "SEAL-CHAIN": "Each seal holds the SHA-256 of its rows and of the seal before it.",
    "SEAL-LINE": "Each seal prints its head, and verify_audit reads it out of any log.",
    "SEAL-LINE-WHOLE": "Only a whole line of the log counts as a seal: text that an analyst chose does not.",
    "SEAL-ONCE": "Of several processes that seal at once, one makes each seal.",
    "SEAL-RUNNING": "Sealing stops before the first query that still runs.",
    "SEAL-STALLED": "Sealing that is held up shows: in verify_audit's warnings, and in the log.",
    "SEARCH-BLINDED": "Queries that somebody took out of the search index are found, and migrate brings them back.",
    "SESSION-LEXER": "A session that would read strings otherwise than the guard is refused.",
    "SESSION-NAME": "application_name says who asks and under which number, within 63 bytes.",
    "SESSION-NO-TRACE": (
        "The next analyst finds no setting, lock, prepared statement or listener of the one before."
    ),
    "SSO-REFUSED": "Nobody signs up by the company's sign-in; an address nobody vouches for, of two people, or of nobody active, opens nothing.",
    "SSO-SIGN-IN": "A known person signs in with the company's account and lands where they were going; later the account counts, not its address.",
    "SSO-SWITCH": "The company's sign-in is there when it is set, and else nowhere.",
    "STOP-CLEAN": "SIGTERM ends the server cleanly.",
    "STORY-AUDITOR": "In a browser, the auditor finds a query, who else read the table, and exports it.",
    "STORY-CANCEL": "In a browser, the lead stops a query that really runs; its analyst is told by whom.",
    "STORY-DEACTIVATE": "In a browser, the lead deactivates a person, whose token is refused at once.",
    "STORY-EXPORT": "In a browser, the auditor takes CSV, and evidence that verify_export finds genuine.",
    "STORY-INTRUDER": "In a browser, an intruder reaches nothing and a colleague nothing more than is theirs.",
    "STORY-KEYBOARD": "A token is issued with the keyboard alone, the focus visible all the way.",
    "STORY-LEAD": "In a browser, the lead issues a token that is shown once, and revokes it at once.",
    "STORY-PAUSE": "In a browser, the server is paused with a message that clients read, and resumed.",
    "STORY-REVIEW": "In a browser, the lead keeps and revokes in one pass, and the auditor reads what was decided.",
    "STORY-ROTATE": "In a browser, the lead rotates a token; the old one works during the overlap.",
    "STORY-USAGE": "In a browser, the auditor chooses a period, and each figure leads to its rows.",
    "STORY-WHO-READ": "In a browser, the auditor is one click away from who read a column.",
    "TAMPER-DELETE": "A deleted query or event is named.",
    "TAMPER-HEAD": "A cut tail, a restored backup and a rewritten chain show against a head kept elsewhere.",
    "TAMPER-INSERT": "A row that was put in is named.",
    "TAMPER-NONE": "An untouched record verifies, against every head too.",
    "TAMPER-REORDER": "Rows that changed places are named.",
    "TAMPER-SEAL": "A seal that was changed, deleted or replaced is named.",
    "TAMPER-TAIL": "Rows missing after the last seal are warned of by name.",
    "TAMPER-TRIGGER": "A trigger that is missing, weakened or switched off is named.",
    "TAMPER-TRIGGER-OTHER": "A trigger or rule on the record's tables that is not ours is named.",
    "TAMPER-UPDATE": "A changed query or event is named.",
    "TEAM-ADMIN": "Superusers make teams and name leads; it holds at once and is announced.",
    "TOKEN-ADMIN-ESCAPED": (
        "Hostile labels arrive escaped; the pages carry no inline script or style."
    ),
    "TOKEN-ADMIN-ISSUE": "A lead issues a working token with its line; bad forms issue nothing.",
    "TOKEN-ADMIN-LIST": "The list takes a constant number of queries and filters by status.",
    "TOKEN-ADMIN-ONCE": (
        "The secret is in the POST's response only: not in messages, session, log, list or history."
    ),
    "TOKEN-ADMIN-REVOKE": (
        "Revoking in the admin asks for a reason and acts at once, for one or many."
    ),
    "TOKEN-ADMIN-RIGHTS": (
        "The auditor only looks, the intruder reaches nothing, a lead can't escalate."
    ),
    "TOKEN-ADMIN-ROTATE": "A lead rotates on the token's page; the new secret is shown once.",
    "TOKEN-ADMIN-TEAM": "A lead neither sees nor handles tokens of another team.",
    "TOKEN-ADMIN-TWICE": "A form that is sent twice issues one token and shows its secret once.",
    "TOKEN-CALLER": "A good token names its owner and itself, with the scheme in any case.",
    "TOKEN-COMMANDS": (
        "Commands end in one clear sentence on refusal; the secret goes to stdout once."
    ),
    "TOKEN-ERRORS": "Every error has a code of its own.",
    "TOKEN-EXPIRING": "A page and a command name the tokens that end soon and have no successor.",
    "TOKEN-FAIL-CLOSED": "A database that can't be asked lets nobody in.",
    "TOKEN-IMPORT": "Tokens of MCP_AUTH_TOKENS keep working after import_tokens.",
    "TOKEN-IMPORT-AGAIN": "A second import changes nothing, and revoked stays revoked.",
    "TOKEN-IMPORT-ATOMIC": (
        "One bad or duplicate entry refuses the whole import, with every reason given."
    ),
    "TOKEN-IMPORT-QUIET": "No refusal of an import carries a token.",
    "TOKEN-IMPORT-WEAK": "Weak tokens are refused with a reason; random ones never are.",
    "TOKEN-INACTIVE-OWNER": "No token is issued to a deactivated person.",
    "TOKEN-LABEL": "A label is one printable line of 1 to 100 characters.",
    "TOKEN-LAST-USED": (
        "Last use is written at most once a minute; its failure refuses nobody and tells no secret."
    ),
    "TOKEN-LIFETIME": (
        "Default lifetime is TOKEN_LIFETIME_DAYS; outside 1 to 3650 days is refused."
    ),
    "TOKEN-NEVER-DELETED": "Tokens and their owners can't be deleted, not even by a superuser.",
    "TOKEN-NEVER-SHOWN-AGAIN": "Neither secret nor digest appears in any str, repr or list.",
    "TOKEN-PEOPLE": (
        "Missing people are created without a usable password; confusable names are refused."
    ),
    "TOKEN-REFUSED": (
        "Missing, malformed, unknown, expired, revoked or inactive is refused at the very next call."
    ),
    "TOKEN-REVOKE": "Revoking needs a reason, and the first revocation stands.",
    "TOKEN-ROTATE": (
        "Both tokens work until the overlap is over; the old one never lives longer than before."
    ),
    "TOKEN-SAME-WORK": "Every refusal costs one SHA-256 and one identical indexed query.",
    "TOKEN-SHAPE": "A token is `fmcp_`, at least 256 random bits, and a checksum.",
    "TOKEN-SIGNALS": (
        "Issue and revoke are announced once, in the transaction; what can't be recorded doesn't happen."
    ),
    "TOKEN-STANDING": (
        "What lists say of a token and what filters find agree for every kind of token."
    ),
    "TOKEN-STATUS": "Status is active, expired or revoked, and queries agree with it.",
    "TOKEN-STORED-AS-DIGEST": (
        "The database holds a short prefix and the SHA-256, never the token."
    ),
    "TOKEN-TYPO": (
        "A mistyped token is recognised without the database; foreign text is not called mistyped."
    ),
    "TOOL-UNKNOWN-NAMES": "Unknown schemas and tables are refused with what there is.",
    "TOOLS-SMALL": "The whole list of tools is smaller than 8 kB, every parameter described.",
    "TOUCHED-BEHIND": "What is read through views, functions, generated columns and partitions is touched, as not direct.",
    "TOUCHED-DATABASE-AGREES": "A role that may read just the touched columns can run the statement; with one less it can't.",
    "TOUCHED-DIRECT": "A statement touches exactly the tables, columns and functions that its names resolve to.",
    "TOUCHED-EXPLAIN": "explain_query touches tables only; describe_table the columns whose values it shows.",
    "TOUCHED-FRESH": "The catalog's facts follow the catalog, and stay as they are while it does.",
    "TOUCHED-LARGE": "A statement too large to be looked at closely touches every column of the tables it names.",
    "TOUCHED-RECORDED": "What a call sent to the database touched is on record when its row is closed; nothing of refused ones.",
    "TOUCHED-TIMES": "The row says how long the call waited for a connection and how long it was in the database.",
    "TOUCHED-TOGETHER": "Processes that name a new object at the same time make it once.",
    "TOUCHED-UNUSED-STEP": "A step of WITH that nobody uses counts as read.",
    "TOUCHED-WHO": "who_read lists the queries that read an object, newest first, from one index.",
    "TOUCHED-WHO-COMMAND": "The command who_read prints who read an object, says so if nobody did, and suggests near names.",
    "TRIGGER-CLOSING": "A running row can be closed once, and what it asked never changes.",
    "TRIGGER-INSTALLED": "Each migrate installs the triggers again, for every column there is.",
    "TRIGGER-REFUSES": "Both databases refuse whatever would change or empty the record, in the same words.",
    "TWO-FACTOR-CODES": "A recovery code signs in once.",
    "TWO-FACTOR-KEY": "A second factor's key is stored encrypted.",
    "TWO-FACTOR-ONCE": "A code works once, and codes can't be tried out.",
    "TWO-FACTOR-REQUIRED": "With REQUIRE_TWO_FACTOR staff without a second factor reach only its set-up.",
    "TWO-FACTOR-RESET": "A lost second factor is reset by a command; its key is on no page.",
    "TWO-FACTOR-SESSION": "Each session passes the second factor itself; setting one up ends the others, a reset all.",
    "TWO-FACTOR-SET-UP": "A second factor is set up by QR code or text, and asked for from then on.",
    "UPKEEP-GOES-ON": "Upkeep that fails is logged and tried again.",
    "UPKEEP-SEALS": "The server seals by itself, and writes down what is counted when it ends.",
    "USAGE-COUNT": (
        "Usage is what one person runs, asked in the last minute, and read since 00:00 UTC."
    ),
    "USAGE-CRASH": "A row left running by a crash blocks nobody for longer than a query can run.",
    "USAGE-EXACT": "Limits hold exactly across processes, on SQLite and on PostgreSQL.",
    "USAGE-QUERIES": "Counting costs one query, served by an index.",
    "USAGE-REFUSED-NOT-COUNTED": "Calls that a limit refused don't count.",
    "USAGE-ROWS-LEFT": "The last result of the day has at most the rows that are left.",
    "USAGE-TOLD": "A refusal says which limit, and when it frees.",
    "VERIFY-1-READ": "Verification 1: analytics_ro counts reporting.v_daily_summary.",
    "VERIFY-2-NO-CREATE": "Verification 2: analytics_ro can't create a table.",
    "VERIFY-4-HEALTH": (
        "Verification 4: /healthz is open and ok; it counts tokens on loopback only."
    ),
    "VERIFY-5-READY": "Verification 5: /readyz says that both databases answer.",
    "VERIFY-6-DESCRIBE": (
        "Verification 6: describe_table has exact types, nullability, defaults and comments."
    ),
    "VERIFY-6-MATVIEW": "Verification 6: describe_table shows the materialized view's columns.",
    "VERIFY-6-QUERY": "Verification 6: a real query and a sample return data.",
    "VERIFY-6-TOOLS": (
        "Verification 6: six read-only tools with output schemas; the lists carry comments."
    ),
    "VERIFY-7-GUARD": "Verification 7: an UPDATE is rejected by the guard.",
    "VERIFY-8-401": "Verification 8: a missing or bad token is the same 401, wherever it stands.",
    "VERIFY-9-LINE": "Verification 9: one line a query with caller, SQL, rows and ms.",
    "WORKERS-SHARE": "Several workers share revocation and record, on PostgreSQL as app database.",
}
