"""The judgements at the end: each from outside, on what the run has left behind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import fmean, linear_regression, median
from typing import TYPE_CHECKING

import httpx

from scripts.soaking.deployment import POOL_MAX, CommandFailed, Deployment
from scripts.soaking.watching import Sample

if TYPE_CHECKING:
    from scripts.soaking.run import Run

_FILES_MORE = 12
_OVERLOADED_PART = 0.02
_LEAST_SAMPLES = 8


@dataclass(frozen=True)
class Judgement:
    """One thing that must hold."""

    name: str
    holds: bool
    told: str


def judged(run: Run) -> list[Judgement]:
    """Return all judgements."""
    tally = run.tally
    return [
        _recorded(run.deployment),
        _none_open(run.deployment),
        _no_leak(run.deployment),
        _slots_free(run.deployment),
        _verified(run.deployment),
        Judgement("answers", tally.wrong == 0, f"{tally.wrong} of {tally.calls} unexplained"),
        Judgement(
            "ended tokens",
            tally.after_end == 0,
            f"{tally.after_end} answered, {tally.refused_ended} refused",
        ),
        _not_overloaded(run),
        Judgement("events", not run.failed, "; ".join(run.failed) or f"{run.events.done.total()}"),
        _memory(run.watch.samples, run.options.memory_slack),
        _files(run.watch.samples),
    ]


def _recorded(deployment: Deployment) -> Judgement:
    """PostgreSQL's log against the record."""
    try:
        said = deployment.manage("reconcile_log", str(deployment.analytics.cluster.log_file))
    except CommandFailed as failed:
        return Judgement("recorded", False, str(failed))
    return Judgement("recorded", True, said.strip().splitlines()[-1])


def _none_open(deployment: Deployment) -> Judgement:
    count = open_rows(deployment)
    return Judgement("none stuck", count == 0, f"{count:.0f} rows still running")


def _no_leak(deployment: Deployment) -> Judgement:
    """No more connections than the pools may have, and none that does anything."""
    sql = (
        "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity "
        "WHERE usename = 'analytics_ro'"
    )
    total, busy = (int(str(value)) for value in deployment.ask(sql)[0])
    most = POOL_MAX * deployment.worker_count
    return Judgement("no leak", total <= most and not busy, f"{total} of {most}, {busy} not idle")


def _slots_free(deployment: Deployment) -> Judgement:
    """Every worker has its whole pool, and none of it is taken."""
    busy = sum(figures(deployment, "fleetmcp_connections_busy"))
    size = sum(figures(deployment, "fleetmcp_connections_size"))
    queue = sum(figures(deployment, "fleetmcp_queue_length"))
    holds = (busy, queue, size) == (0, 0, POOL_MAX * deployment.worker_count)
    return Judgement("slots free", holds, f"{busy:.0f} of {size:.0f} busy, {queue:.0f} waiting")


def _verified(deployment: Deployment) -> Judgement:
    try:
        deployment.manage("seal_audit")
        said = deployment.manage("verify_audit")
    except CommandFailed as failed:
        return Judgement("verified", False, str(failed))
    return Judgement("verified", True, said.strip().splitlines()[-1])


def _not_overloaded(run: Run) -> Judgement:
    """A loaded machine may answer late; a server that sheds load without need may not."""
    part = run.tally.overloaded / max(run.tally.calls, 1)
    holds = run.options.short or part <= _OVERLOADED_PART
    return Judgement("not overloaded", holds, f"{run.tally.overloaded} late ({part:.2%})")


def _memory(samples: list[Sample], slack: float) -> Judgement:
    """The workers that lived longest: how much they grew after warming up, by a straight line."""
    grown = [growth(pid, series) for pid, series in settled(samples).items()]
    holds = bool(grown) and max(grown) <= slack
    told = ", ".join(f"{part:+.1%}" for part in grown) or "no worker lived long enough"
    return Judgement("memory flat", holds, f"{told} (at most {slack:.0%})")


def growth(pid: int, lived: list[Sample]) -> float:
    """Return by which part of its mean the line through a worker's samples rises."""
    times, sizes = [one.at for one in lived], [one.workers[pid].megabytes for one in lived]
    return linear_regression(times, sizes).slope * (times[-1] - times[0]) / fmean(sizes)


def settled(samples: list[Sample]) -> dict[int, list[Sample]]:
    """Return the samples of each worker that is there at the end, without its first third."""
    found: dict[int, list[Sample]] = {}
    for pid in samples[-1].workers if samples else ():
        lived = [sample for sample in samples if pid in sample.workers]
        if len(lived) >= _LEAST_SAMPLES:
            found[pid] = lived[len(lived) // 3 :]
    return found


def _files(samples: list[Sample]) -> Judgement:
    """Open files at the end against those after warming up."""
    more = []
    for pid, lived in settled(samples).items():
        counts = [one.workers[pid].files for one in lived]
        quarter = max(len(counts) // 4, 1)
        more.append(median(counts[-quarter:]) - median(counts[:quarter]))
    holds = bool(more) and max(more) <= _FILES_MORE
    return Judgement("files flat", holds, ", ".join(f"{one:+.0f}" for one in more))


def open_rows(deployment: Deployment) -> float:
    """Return how many rows are open, by the server's own figure."""
    return next(iter(figures(deployment, "fleetmcp_audit_open_rows")), -1.0)


def figures(deployment: Deployment, name: str) -> list[float]:
    """Return the values of a metric over all replicas."""
    token = {"Authorization": f"Bearer {deployment.environ['METRICS_TOKEN']}"}
    found = []
    for replica in deployment.replicas:
        text = httpx.get(f"{replica.url}/metrics", headers=token, timeout=20).text
        found += re.findall(rf"^{name}(?:{{.*?}})? (\S+)$", text, re.MULTILINE)
    return [float(value) for value in found]
