"""The environment of the test run, set before Django reads it. Loaded as a pytest plugin."""

from __future__ import annotations

import os

SETTINGS = {
    "SECRET_KEY": "test-only-" + "k" * 40,
    # Nothing answers here: tests that need PostgreSQL take the ``fleet`` fixture.
    "DATABASE_URL": "postgresql://analytics_ro:nobody@127.0.0.1:1/tracksolid_db",
    # The tests of the second factor turn it on.
    "REQUIRE_TWO_FACTOR": "never",
}

for _name in ("PUBLIC_URL", "APP_DATABASE_URL", "ANALYTICS_SCHEMAS", "MCP_AUTH_TOKENS"):
    os.environ.pop(_name, None)
os.environ.update(SETTINGS)
