"""Do the lock files still satisfy pyproject.toml? Read-only, and without any index."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = {
    "requirements.txt": [],
    "requirements-demo.txt": ["demo"],
    "requirements-dev.txt": ["demo", "dev"],
}


def locked(text: str) -> dict[str, str]:
    """Return canonical name -> version of a lock file's pins."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def problems(project: dict[str, object], name: str, extras: list[str], text: str) -> list[str]:
    """Return what a lock lacks or holds beyond bounds, a sentence each."""
    wanted: list[str] = list(project["dependencies"])  # type: ignore[call-overload]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]  # type: ignore[index]
    pins, found = locked(text), []
    for requirement in map(Requirement, wanted):
        version = pins.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            found.append(f"{name}: {requirement} is not met. Run scripts/lock.")
    if "--hash=sha256:" not in text or "://" in re.sub(r"#.*", "", text):
        found.append(f"{name}: pins need hashes and must name no index. Run scripts/lock.")
    return found


def main() -> None:
    """Print the problems and exit 1 if there are any."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    found = [
        problem
        for name, extras in LOCKS.items()
        for problem in problems(project, name, extras, Path(name).read_text())
    ]
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
