"""Runs it: scripts/soak --minutes 60 --app postgresql --out docs/reliability"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
from pathlib import Path

from scripts.soaking.deployment import Deployment, deployed
from scripts.soaking.drawing import drawing
from scripts.soaking.events import Events
from scripts.soaking.judging import judged
from scripts.soaking.load import Load
from scripts.soaking.options import Options, options
from scripts.soaking.people import introduce
from scripts.soaking.questions import kinds
from scripts.soaking.report import found, table
from scripts.soaking.run import Run
from scripts.soaking.schedule import schedule
from scripts.soaking.tally import Tally
from scripts.soaking.watching import Watch


def main() -> None:
    """Start everything, soak, judge, write; end with 1 when something doesn't hold."""
    wanted = options()
    # A plain stop must not leave the servers and databases running either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        with deployed(home, wanted) as deployment:
            run = _run(wanted, deployment)
            asyncio.run(run.through())
            print("judging", flush=True)
            judgements = judged(run)
            _keep_logs(wanted.out, deployment)
    (wanted.out / f"soak-{wanted.app}.json").write_text(found(run, judgements) + "\n")
    (wanted.out / f"soak-{wanted.app}.svg").write_text(drawing(run))
    print(table(run, judgements))
    sys.exit(not all(one.holds for one in judgements))


def _run(wanted: Options, deployment: Deployment) -> Run:
    rng = random.Random(wanted.seed)  # noqa: S311  # no secret
    keys, tally = introduce(deployment, rng), Tally()
    mix = [kind for kind in kinds(deployment) if not (wanted.quick and kind.slow)]
    load = Load(deployment, mix, keys, tally, wanted)
    watch = Watch(deployment, tally, wanted.sample_every)
    return Run(wanted, load, Events(deployment, keys, tally, rng), watch, schedule(wanted))


def _keep_logs(out: Path, deployment: Deployment) -> None:
    """Keep what the servers printed: whoever looks into a finding needs it."""
    out.mkdir(parents=True, exist_ok=True)
    for replica in deployment.replicas:
        (out / f"{replica.home.name}.log").write_text(replica.log())


if __name__ == "__main__":
    main()
