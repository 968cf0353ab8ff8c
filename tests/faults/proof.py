"""Run inside ``manage.py shell``: the chain verifies, and every statement in the log has its row.

The name of the log comes on stdin. Whatever is wrong ends the command with an error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from django.core.management import call_command

call_command("seal_audit")
call_command("verify_audit")
log = Path(sys.stdin.read().strip())
if "user=analytics_ro" in log.read_text(errors="replace"):
    call_command("reconcile_log", str(log))
