"""Every promise of fleetmcp, by id. ``test_requirements.py`` holds tests and promises together."""

from __future__ import annotations

REQUIREMENTS = {
    "DATABASE-FROZEN": (
        "A frozen database freezes no health check, and everything recovers when it moves again."
    ),
    "AUDIT-HANG-UP": "A client that hangs up at any moment leaves no row open.",
    "AUDIT-NO-CLAIM": "A row never shows SQL that did not run.",
    "AUDIT-BUSY": "A busy app database delays calls, loses nothing, and delays no health check.",
    "LOG-UNFORGED": "Nothing from outside can start a line of the log.",
    "TOOLS-SMALL": "The whole list of tools is smaller than 8 kB, every parameter described.",
    "FORMAT-WIRE": "100 rows of 6 columns cost less than 9 kB on the wire, all parts counted.",
    "POOLER-LAYERS": (
        "Behind PgBouncer in transaction mode every layer holds, and sessions do not mix."
    ),
    "ERROR-NEAREST": (
        "An unknown table, column or function is answered with the nearest readable names."
    ),
    "FORMAT-CSV": "CSV is what PostgreSQL's own COPY writes, within the same limits.",
    "FORMAT-RECORDS": "Records are objects, and no column is lost to another of the same name.",
    "FORMAT-MARKDOWN": "Markdown is one table, whatever the values hold.",
    "RESULT-DISPLAY": (
        "Bytes are shortened with their length; no large value reaches the server whole."
    ),
    "REPLY-ONCE": (
        "Clients that know structured content get the data once; others find it in the text."
    ),
    "REPLY-SCHEMA": "Every tool answers as its output schema says.",
    "RESULT-SIZE-CAP": (
        "A result that is too large is cut by PostgreSQL at a whole row, and says so."
    ),
    "SESSION-LEXER": "A session that would read strings otherwise than the guard is refused.",
    "GUARD-ARGUMENTS": (
        "A function that reaches out with some arguments runs only with harmless ones."
    ),
    "GUARD-POLICY": (
        "Names mean what the running database makes of them, aggregates and hidden schemas included."
    ),
    "GUARD-SIZES": "Hostile shapes and sizes are refused quickly and never end the process.",
    "WORKERS-SHARE": "Several workers share revocation and record, on PostgreSQL as app database.",
    "TOKEN-SHAPE": "A token is `fmcp_`, at least 256 random bits, and a checksum.",
    "TOKEN-TYPO": (
        "A mistyped token is recognised without the database; foreign text is not called mistyped."
    ),
    "TOKEN-STORED-AS-DIGEST": (
        "The database holds a short prefix and the SHA-256, never the token."
    ),
    "TOKEN-NEVER-SHOWN-AGAIN": "Neither secret nor digest appears in any str, repr or list.",
    "TOKEN-LIFETIME": (
        "Default lifetime is TOKEN_LIFETIME_DAYS; outside 1 to 3650 days is refused."
    ),
    "TOKEN-LABEL": "A label is one printable line of 1 to 100 characters.",
    "TOKEN-INACTIVE-OWNER": "No token is issued to a deactivated person.",
    "TOKEN-REVOKE": "Revoking needs a reason, and the first revocation stands.",
    "TOKEN-SIGNALS": (
        "Issue and revoke are announced once, in the transaction; what can't be recorded doesn't happen."
    ),
    "TOKEN-NEVER-DELETED": "Tokens and their owners can't be deleted, not even by a superuser.",
    "TOKEN-STATUS": "Status is active, expired or revoked, and queries agree with it.",
    "TOKEN-PEOPLE": (
        "Missing people are created without a usable password; confusable names are refused."
    ),
    "TOKEN-ERRORS": "Every error has a code of its own.",
    "TOKEN-CALLER": "A good token names its owner and itself, with the scheme in any case.",
    "TOKEN-REFUSED": (
        "Missing, malformed, unknown, expired, revoked or inactive is refused at the very next call."
    ),
    "TOKEN-SAME-WORK": "Every refusal costs one SHA-256 and one identical indexed query.",
    "TOKEN-LAST-USED": (
        "Last use is written at most once a minute; its failure refuses nobody and tells no secret."
    ),
    "TOKEN-FAIL-CLOSED": "A database that can't be asked lets nobody in.",
    "TOKEN-IMPORT": "Tokens of MCP_AUTH_TOKENS keep working after import_tokens.",
    "TOKEN-IMPORT-WEAK": "Weak tokens are refused with a reason; random ones never are.",
    "TOKEN-IMPORT-ATOMIC": (
        "One bad or duplicate entry refuses the whole import, with every reason given."
    ),
    "TOKEN-IMPORT-AGAIN": "A second import changes nothing, and revoked stays revoked.",
    "TOKEN-IMPORT-QUIET": "No refusal of an import carries a token.",
    "TOKEN-COMMANDS": (
        "Commands end in one clear sentence on refusal; the secret goes to stdout once."
    ),
    "TOKEN-ADMIN-ISSUE": "A lead issues a working token with its line; bad forms issue nothing.",
    "TOKEN-ADMIN-ONCE": (
        "The secret is in the POST's response only: not in messages, session, log, list or history."
    ),
    "TOKEN-ADMIN-ESCAPED": (
        "Hostile labels arrive escaped; the pages carry no inline script or style."
    ),
    "TOKEN-ADMIN-REVOKE": (
        "Revoking in the admin asks for a reason and acts at once, for one or many."
    ),
    "TOKEN-ADMIN-RIGHTS": (
        "The auditor only looks, the intruder reaches nothing, a lead can't escalate."
    ),
    "TOKEN-ADMIN-LIST": "The list takes a constant number of queries and filters by status.",
    "AUDIT-OPEN": "The row says who, what and where, and is `running` before the work.",
    "AUDIT-CLOSE-ONCE": "A row is closed once; a second close changes and prints nothing.",
    "AUDIT-STORABLE": "Any text is stored whole and readable; over-long words are cut.",
    "AUDIT-LINE": "Each close prints one line of printable ASCII, whatever the call holds.",
    "AUDIT-NO-VALUES": "The record has no column for a result's values.",
    "AUDIT-PROTECT": "A person or token with history can't be deleted.",
    "AUDIT-ADMIN-READ-ONLY": (
        "Nobody adds, changes or deletes history through the pages, superusers included."
    ),
    "AUDIT-ADMIN-RIGHTS": "Only staff with the view right read the history.",
    "AUDIT-ADMIN-ESCAPED": "Hostile text arrives escaped on list, detail and search pages.",
    "AUDIT-ADMIN-SEARCH": "A query is found by person, by a piece of its SQL and by outcome.",
    "AUDIT-ADMIN-QUERIES": (
        "The list page costs the same number of queries for one row as for many."
    ),
    "AUDIT-MALFORMED": (
        "Unknown tools, bad arguments and bodies that are no call have a row and a clear answer."
    ),
    "AUDIT-CRASH": "After kill -9 under load, every statement in PostgreSQL's log has a row.",
    "AUDIT-FAIL-CLOSED": "A call that can't be recorded does not run.",
    "ENV-DEFAULT": "A missing or blank variable means the default.",
    "ENV-STRICT": "Only exact words and plain integers in range are read.",
    "ENV-FILE": "A secret may come from NAME_FILE; an unreadable or empty file is refused.",
    "ENV-DSN": "A DSN is read exactly as libpq reads it.",
    "ENV-DSN-REFUSED": (
        "What is no DSN for one host is refused with the form to write and without the secret."
    ),
    "ENV-ORIGIN": "PUBLIC_URL is one plain origin, without wildcard, path or credentials.",
    "ENV-FUZZ": (
        "Whatever the input, a reader returns a value or raises BadSetting naming the variable."
    ),
    "ENV-SILENT": "No piece of a value is in any refusal, and a refusal is one sentence.",
    "ENV-SECRET-KEY": "No or a short SECRET_KEY ends in one sentence; SECRET_KEY_FILE works.",
    "ENV-SAFE-DEFAULT": (
        "DEBUG and the unsafe role are off by default; no DSN option switches read-only off."
    ),
    "ENV-HTTPS": "An https PUBLIC_URL makes cookies secure and sets HSTS; http does not.",
    "CHECK-CLEAN": "Good settings pass every check without a warning.",
    "CHECK-E001": "A missing or non-PostgreSQL DATABASE_URL is an error with a hint.",
    "CHECK-E002": "Empty or system schemas in ANALYTICS_SCHEMAS are an error.",
    "CHECK-W001": "ANALYTICS_ALLOW_UNSAFE_ROLE is warned about.",
    "CHECK-W002": "DEBUG is warned about.",
    "ROUTER-MIGRATE": "No model is ever migrated into analytics_ro, even as superuser.",
    "ROUTER-DEFAULT": "Every model is read from and written to `default`.",
    "IP-NO-PROXY": "Without proxies the peer is the client; forwarded headers are not looked at.",
    "IP-PROXIES": (
        "With n proxies the n-th entry from the end is the client; spoofed ones before it are not."
    ),
    "IP-UNKNOWN": "An address that no proxy of ours vouches for is not recorded.",
    "IP-LOOPBACK": "Only a direct request from this host is local.",
    "GUARD-ACCEPTS": "Every honest question of the table is accepted and runs.",
    "GUARD-REFUSES": "Every other statement of the table is refused with its code.",
    "GUARD-LISTS-READABLE": (
        "The verdict lists are sorted text a DBA can read, each refusal with a reason word."
    ),
    "GUARD-FUNCTION-VERDICTS": (
        "Every built-in function of a known server is judged; an unjudged one is noticed."
    ),
    "GUARD-FUNCTION-WELCOME": (
        "No harmless built-in is refused, and what analysts need is allowed."
    ),
    "GUARD-CATALOG-RELATIONS": (
        "No readable catalog relation shows jobs, definitions, settings or unreadable names."
    ),
    "READONLY-ROLE": "The role's GRANTs alone stop every write.",
    "READONLY-DEFAULT": (
        "default_transaction_read_only alone stops a write, on the role and on the connection."
    ),
    "READONLY-TRANSACTION": (
        "The READ ONLY transaction alone stops a write, and it is always rolled back."
    ),
    "READONLY-GUARD": "The guard alone stops a write.",
    "SESSION-NO-TRACE": (
        "The next analyst finds no setting, lock, prepared statement or listener of the one before."
    ),
    "SESSION-NAME": "application_name says who asks and under which number, within 63 bytes.",
    "RESULT-EXACT": (
        "Values come back exact, numbers and booleans as JSON's where JSON can hold them."
    ),
    "RESULT-SHAPE": "Duplicate names, zero columns, zero rows and the order of rows are kept.",
    "RESULT-ROW-CAP": "At most cap + 1 rows ever leave PostgreSQL, whatever the SQL says.",
    "RESULT-CELL-CAP": "A large value is cut by PostgreSQL, and the result says so.",
    "ERROR-PLACE": "A database error keeps its SQLSTATE and points into the analyst's own text.",
    "ERROR-NO-SECRET": "No error carries the DSN, the host or the password.",
    "LIMIT-TIME": (
        "PostgreSQL stops a statement at the timeout; a question waits no longer than the queue limit."
    ),
    "LIMIT-ROWS": "max_rows out of range is clamped, and the result says so; the default is 1000.",
    "LANES-NO-JAM": (
        "While eight clients are slow, another analyst's SELECT 1 answers within a second."
    ),
    "LANES-POOL-MAX": "There are never more connections than MCP_POOL_MAX.",
    "CANCEL-HANG-UP": "A client that hangs up cancels its query in PostgreSQL within two seconds.",
    "PROGRESS": "A long query reports progress to a client that asked for it.",
    "ROLE-CHECKED": "Whatever the role may do besides reading is found and named.",
    "ROLE-OVERRIDE": "Only an explicit setting lets an unsafe role work, and it logs loudly.",
    "ROLE-REFUSED": "With an unsafe role no tool works; the log lists what is wrong.",
    "DATABASE-DOWN": (
        "The server starts without the analytics database, says so, and recovers by itself."
    ),
    "DOOR-PATHS": "/mcp, /mcp/ and POST / answer alike, without a redirect.",
    "DOOR-METHODS": "Any method but POST on the MCP paths is 405 with Allow: POST.",
    "DOOR-LANDING": "GET / is a page for people that says how to connect.",
    "DOOR-REVOKED": "A revoked token is refused at the very next call.",
    "DOOR-HOSTS": "A foreign Host or Origin is refused.",
    "DOOR-SIZE": "A body larger than 512 KiB is refused with the limit.",
    "DOOR-VERSION": (
        "An unknown protocol version gets the SDK's own answer, so that clients fall back."
    ),
    "TOOL-UNKNOWN-NAMES": "Unknown schemas and tables are refused with what there is.",
    "STOP-CLEAN": "SIGTERM ends the server cleanly.",
    "VERIFY-1-READ": "Verification 1: analytics_ro counts reporting.v_daily_summary.",
    "VERIFY-2-NO-CREATE": "Verification 2: analytics_ro can't create a table.",
    "VERIFY-4-HEALTH": (
        "Verification 4: /healthz is open and ok; it counts tokens on loopback only."
    ),
    "VERIFY-5-READY": "Verification 5: /readyz says that both databases answer.",
    "VERIFY-6-TOOLS": (
        "Verification 6: six read-only tools with output schemas; the lists carry comments."
    ),
    "VERIFY-6-MATVIEW": "Verification 6: describe_table shows the materialized view's columns.",
    "VERIFY-6-DESCRIBE": (
        "Verification 6: describe_table has exact types, nullability, defaults and comments."
    ),
    "VERIFY-6-QUERY": "Verification 6: a real query and a sample return data.",
    "VERIFY-7-GUARD": "Verification 7: an UPDATE is rejected by the guard.",
    "VERIFY-8-401": "Verification 8: a missing or bad token is the same 401, wherever it stands.",
    "VERIFY-9-LINE": "Verification 9: one line a query with caller, SQL, rows and ms.",
    "CLIENT-CLAUDE-CODE": "The real Claude Code connects, sees six tools and gets rows.",
    "DEMO-COMMAND": (
        "scripts/demo starts, answers, stops without a trace and keeps everything for the next start."
    ),
    "DEMO-OWN-DATABASE": "With DATABASE_URL set the demo starts no server.",
    "DEMO-REFUSES": "The demo refuses a taken port and a folder that isn't its own.",
    "DEMO-START": "Starting again finds the running server or brings the stopped one back.",
    "DEMO-KILL": "After a kill at any point, launcher or server, the next start works.",
    "DEMO-PRIVATE": (
        "The demo's PostgreSQL listens on loopback only and asks the network for a password."
    ),
    "DEMO-ROOT": "Root runs the demo's PostgreSQL as nobody, and opens no folder for that.",
    "DEMO-CLEAR-ERRORS": "Missing programs or a taken port are refused with cause and remedy.",
    "DEMO-SAME": "The same as-of date gives the same rows on every PostgreSQL.",
    "DEMO-OBJECTS": "Every object of the field exists and belongs to the owner.",
    "DEMO-COMMENTS": "Every schema, table, view, column and function has a comment.",
    "DEMO-SIZE": "The demo has 40 vehicles, 30 days and about 400,000 positions.",
    "DEMO-PLAUSIBLE": "Nothing impossible happens in the data, and every kind of event occurs.",
    "DEMO-QUESTION": "The first prompts of the guide are one simple query each.",
    "DEMO-RESUME": "A killed load is completed by the next run; a complete one is kept.",
    "DEMO-EXTENSIONS": (
        "With TimescaleDB and PostGIS there are a hypertable and points, with the same rows."
    ),
    "ROLE-READS": (
        "analytics_ro reads every table, view and materialized view and calls the functions."
    ),
    "ROLE-WRITES-NOTHING": (
        "The grants alone refuse every write, DDL, lock, temp table and refresh."
    ),
    "ROLE-READ-ONLY-SETTING": (
        "The role's default_transaction_read_only alone refuses a write that a grant would allow."
    ),
    "ROLE-LIMITS": "New connections carry timeouts, temp-file limit and connection limit.",
    "ROLE-ATTRIBUTES": "A re-run strips attributes, memberships and grants that someone added.",
    "ROLE-OWNS-NOTHING": "A role that owns something is refused and left as it was.",
    "ROLE-IDEMPOTENT": "A second run changes nothing but the password; the old one is refused.",
    "ROLE-PASSWORD": "The password is stored as scram and appears in no log or output.",
    "ROLE-CLEAR-ERRORS": (
        "A wrong database, schema, owner, variable or user is named, and nothing changes."
    ),
    "ROLE-FUTURE": "What each listed owner makes later is readable by itself.",
    "ROLE-DENIED": "Denied columns are closed and stay closed until said otherwise.",
    "ROLE-PUBLIC": "PUBLIC loses TEMP and CREATE; what else it may do is refused or pointed out.",
    "ROLE-HARDEN": (
        "Hardening takes side-effect functions from PUBLIC and leaves them to the owners."
    ),
    "ROLE-BOOTSTRAP": (
        "The bootstrap makes the password once, applies the role and never shows the password."
    ),
    "HOUSE-PROMISES": "Every promise has a test, and every test names a promise.",
    "HOUSE-DOCS": (
        "Every setting, tool, script and file that the documents name exists, and the other way round."
    ),
    "HOUSE-README": "The README's commands and first lines are true.",
    "HOUSE-LOCK": "A lock that no longer belongs to pyproject.toml is found out.",
}
