"""Write .env.example from the table of settings in README.md: python -m scripts.env_example

With --check only say whether it still belongs to it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*) \| (.*) \|$", re.MULTILINE)

HEAD = """\
# Settings of fleetmcp. Copy this file to .env, and take the # away from what you change.
# Never put a secret in here: compose.yaml and scripts/deploy.sh mount them as files.

# --- Where it stands: compose.yaml ----------------------------------------------------------
# The name under which clients reach it; DNS must point it at this host.
FLEETMCP_HOST=fleetmcp.example.com
# The database's container, its database, and the Docker network that it is in, as
# scripts/bootstrap_analytics_ro.sh tells them. For scripts/make_secrets.
# ANALYTICS_DB_HOST=timescale_db
# ANALYTICS_DB_PORT=5432
# ANALYTICS_DB=tracksolid_db
# ANALYTICS_NETWORK=fleetmcp-analytics
# ANALYTICS_NETWORK_EXTERNAL=true
# The network that Traefik is in, and what it calls its entrance and its certificates.
# TRAEFIK_NETWORK=coolify
# TRAEFIK_ENTRYPOINT=https
# TRAEFIK_RESOLVER=letsencrypt
# A port of 127.0.0.1 on this host, for a proxy of your own.
# FLEETMCP_PORT=8892
# FLEETMCP_TAG=latest
# POSTGRES_IMAGE=postgres:17
# TIMESCALE_IMAGE=timescale/timescaledb-ha:pg17
# Processes that answer; about 100 MB each.
# WEB_CONCURRENCY=2
# Processors that it may use; no more than the host has.
# FLEETMCP_CPUS=1

# --- fleetmcp itself ------------------------------------------------------------------------
"""


def example(readme: str) -> str:
    """Return the whole file."""
    return HEAD + "".join(_entry(*row) for row in ROW.findall(readme))


def _entry(name: str, meaning: str, default: str) -> str:
    value = default.strip("`") if default.startswith("`") else ""
    note = "" if value else f" ({default})"
    return f"# {meaning.replace('`', '')}{note}\n# {name}={value}\n"


def main() -> None:
    """Write the file, or with --check exit with 1 when it is not as it would be written."""
    target = ROOT / ".env.example"
    text = example((ROOT / "README.md").read_text(encoding="utf-8"))
    if "--check" not in sys.argv[1:]:
        target.write_text(text, encoding="utf-8")
    elif not target.exists() or target.read_text(encoding="utf-8") != text:
        sys.exit(".env.example is not what README.md says. Run: python -m scripts.env_example")


if __name__ == "__main__":
    main()
