"""Mutates the guard's table by what reaches new lines of it: needs atheris, which is not locked.

atheris has wheels for Linux on x86-64 only: ``uv pip install --python .venv atheris`` brings it.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

MISSING = "atheris is not here: uv pip install --python .venv atheris, and scripts/fuzz again."
MODULES = ["fleetmcp.analytics.guard", "fleetmcp.analytics.touched", "fleetmcp.analytics.judging"]


def main() -> int:
    """Run until the time is over; what broke is written to the folder, and ends the run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    chosen = parser.parse_args()
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 2
    import tests.environment  # noqa: F401  # sets what Django needs

    os.environ["DJANGO_SETTINGS_MODULE"] = "fleetmcp.settings"
    with atheris.instrument_imports(include=MODULES):
        importlib.import_module("fleetmcp.analytics.judging")
    from scripts.fuzzing import one_text

    one_text.write_rows(chosen.corpus)
    words = [f"-max_total_time={chosen.seconds}", f"-seed={chosen.seed}", "-max_len=4000"]
    words += [f"-artifact_prefix={chosen.folder}/fuzz-findings-", str(chosen.corpus)]
    atheris.Setup([sys.argv[0], *words], one_text.judged)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
