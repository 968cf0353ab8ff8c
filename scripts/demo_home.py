"""Where the demo keeps its things."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
HERE = Path(__file__).resolve().parent.parent / ".local" / "demo"


@dataclass(frozen=True)
class Demo:
    """Where the demo keeps its things, and the port that it serves on."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def is_ours(self) -> bool:
        """Say whether the folder was made by a demo."""
        return (self.home / "secret_key").exists() or (self.home / "postgres").exists()

    def kept(self, name: str) -> str:
        """Return a random secret that is made once and kept in the demo's folder, 0600."""
        path = self.home / name
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(48))
        return path.read_text()


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.rename(path)
