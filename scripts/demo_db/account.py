"""Who runs the server: ourselves, or nobody when we are root (PostgreSQL refuses root)."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from scripts.demo_db import postmaster

ELSEWHERE = Path("/var/lib/fleetmcp-demo")
HOME_NOTE = "made-for"
UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Account:
    """The account of the server. `uid` None means: the one that we already are."""

    uid: int | None = None
    gid: int | None = None

    def run(self, *argv: str | Path, output: IO[str] | None = None) -> int:
        """Run a program to its end as this account; its exit code."""
        sink = subprocess.DEVNULL if output is None else output
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd="/",
            check=False,
            **self._identity(),
        )
        return done.returncode

    def reaches(self, path: Path) -> bool:
        """Whether this account may walk to the path and enter or run it."""
        return self.uid is None or self.run("/bin/sh", "-c", 'test -x "$0"', path) == 0

    def give(self, path: Path) -> None:
        """Make this account the owner."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def _identity(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account:
    """Ourselves, or nobody for root."""
    if os.geteuid() != 0:
        return Account()
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_uid, entry.pw_gid)


def reachable_base(home: Path, account: Account) -> Path:
    """Where the server's files go: `home`, or a folder of root's when it can't be reached.

    A checkout below /root is such a case; opening its parents would be worse than moving.
    """
    elsewhere = ELSEWHERE / sha256(os.fsencode(home)).hexdigest()[:16]
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o755)
    if account.uid is None or (not elsewhere.exists() and account.reaches(home)):
        return home
    forget_orphans()
    elsewhere.mkdir(mode=0o755, parents=True, exist_ok=True)
    (elsewhere / HOME_NOTE).write_text(str(home))
    return elsewhere


def forget_orphans() -> None:
    """Delete what was moved elsewhere for a home that is gone, such as an old test run's."""
    for note in ELSEWHERE.glob(f"*/{HOME_NOTE}"):
        orphan = not Path(note.read_text()).exists()
        if orphan and postmaster.running(note.parent / "data") is None:
            shutil.rmtree(note.parent, ignore_errors=True)


def reachable_bin_dir(bin_dir: Path, base: Path, account: Account) -> Path:
    """The programs where the account can run them, copied below `base` if need be."""
    if account.reaches(bin_dir / "postgres"):
        return bin_dir
    target = base / f"binaries-{_stamp(bin_dir)}"
    if not target.exists():
        fresh = target.with_name(target.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        _copy_installation(bin_dir.parent, fresh)
        fresh.rename(target)
    return target / bin_dir.parent.parent.name / bin_dir.parent.name / bin_dir.name


def _copy_installation(prefix: Path, target: Path) -> None:
    # A wheel's programs look for their libraries in ../../../<package>.libs.
    package = prefix.parent
    skip: Sequence[str] = ("include", "__pycache__")
    shutil.copytree(
        prefix,
        target / package.name / prefix.name,
        ignore=shutil.ignore_patterns(*skip),
    )
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)


def _stamp(bin_dir: Path) -> str:
    said = f"{bin_dir} {(bin_dir / 'postgres').stat().st_mtime_ns}"
    return sha256(said.encode()).hexdigest()[:12]
