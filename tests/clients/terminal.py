"""A terminal for programs that ask questions: what they print, word by word, and our answers."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CONTROL = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_=>])")


@dataclass
class Terminal:
    """A program on a pseudo-terminal."""

    process: subprocess.Popen[bytes]
    file: int
    printed: str = ""

    def wait_for(self, pattern: str, seconds: float = 90) -> re.Match[str]:
        """Return the first match in what was printed; fail with all of it after the time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.text())
            if found:
                return found
            if not self._read() and self.process.poll() is not None:
                break
        found = re.search(pattern, self.text())
        assert found, f"no {pattern} in: {self.text()}"
        return found

    def text(self) -> str:
        """Return what was printed, without colours and movements."""
        return _CONTROL.sub("", self.printed)

    def type(self, words: str) -> None:
        """Type a line."""
        os.write(self.file, words.encode() + b"\r")

    def _read(self) -> bool:
        ready, _, _ = select.select([self.file], [], [], 0.5)
        try:
            piece = os.read(self.file, 65536) if ready else b""
        except OSError:  # the program closed its side
            piece = b""
        self.printed += piece.decode("utf-8", "replace")
        return bool(piece)


@contextmanager
def terminal(words: list[str], cwd: Path, environ: dict[str, str]) -> Iterator[Terminal]:
    """Run a program on a wide terminal; end it at last."""
    ours, theirs = pty.openpty()
    sized = {**environ, "COLUMNS": "2000", "LINES": "100", "TERM": "xterm-256color"}
    subprocess.run(["stty", "cols", "2000", "rows", "100"], stdin=theirs, check=True)
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=sized,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
