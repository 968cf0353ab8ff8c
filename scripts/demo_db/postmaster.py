"""What a data folder says about the server that runs on it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# Not $TMPDIR: on macOS that is itself too long for a socket.
SHORT_PLACE = Path("/tmp")  # noqa: S108 - only ever used through mkdtemp
SHORT_PREFIX = "fleetmcp-"


@dataclass(frozen=True)
class Postmaster:
    """The first lines of postmaster.pid."""

    pid: int
    port: int
    socket_dir: Path


def recorded(data: Path) -> Postmaster | None:
    """The server that the folder names, alive or not."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), int(lines[3]), Path(lines[4]))
    except (FileNotFoundError, IndexError, ValueError):
        return None


def running(data: Path) -> Postmaster | None:
    """The server that really runs on the folder.

    A process id alone proves nothing: after a crash it may belong to someone else.
    """
    known = recorded(data)
    return known if known and str(data) in _arguments(known.pid) else None


def forget_stale(data: Path) -> None:
    """Remove what a killed server left, where PostgreSQL itself would be misled by it.

    Only called when no server runs. PostgreSQL clears its own stale file, except when the
    process id is in use again (or a zombie); shared memory is still checked by its own key.
    """
    known = recorded(data)
    if known is None:
        return
    if _alive(known.pid):
        (data / "postmaster.pid").unlink(missing_ok=True)
    forget_socket_dir(known.socket_dir)


def forget_socket_dir(folder: Path) -> None:
    """Remove the folder if it is one of the short ones made outside our own."""
    if folder.parent == SHORT_PLACE and folder.name.startswith(SHORT_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def _arguments(pid: int) -> list[str]:
    if PROC.is_dir():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return []
    said = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return said.strip().replace(" -D ", "\0").split("\0")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
