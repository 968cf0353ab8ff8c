"""The real Claude Code binary, and a stand-in for the model behind it (no network is needed)."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

VERSION = "2.1.330"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fleetmcp"
QUERY = "mcp__fireside-analytics__query"
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


def binary() -> Path:
    """Return the path of the binary, installed once with npm; skip where that can't be done."""
    home = CACHE / f"claude-code-{VERSION}"
    machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
    kind = f"claude-code-{platform.system().lower()}-{machine}"
    found = home / "node_modules" / "@anthropic-ai" / kind / "claude"
    home.mkdir(parents=True, exist_ok=True)
    # Another process of the same run must not start a file that is still being written.
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            _install(home)
    if not found.exists():
        pytest.skip(f"Claude Code {VERSION} can't be installed")
    return found


def _install(home: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so the real Claude Code can't be")
    command = [npm, "install", "--no-audit", "--no-fund", f"@anthropic-ai/claude-code@{VERSION}"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"Claude Code {VERSION} can't be installed: {done.stderr[-200:]}")


@dataclass
class ClaudeCode:
    """Claude Code with a home of its own."""

    path: Path
    home: Path

    def run(self, *words: str, **environ: str) -> str:
        """Run it with these words and return all that it prints."""
        done = subprocess.run(
            [str(self.path), *words],
            cwd=self.home,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **QUIET, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout + done.stderr


@dataclass
class Model:
    """Answers each turn of a conversation with the next scripted block; keeps what it was sent."""

    script: list[dict[str, Any]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, request: dict[str, Any]) -> bytes:
        """Return the events of the next scripted block."""
        if not request.get("tools"):
            return _events({"type": "text", "text": "fine"})
        self.asked.append(request)
        return _events(self.script[min(len(self.asked), len(self.script)) - 1])

    def results(self) -> str:
        """Return everything that came back from tools, as the model would have read it."""
        blocks = [
            block
            for message in self.asked[-1]["messages"]
            if isinstance(message["content"], list)
            for block in message["content"]
            if block.get("type") == "tool_result"
        ]
        return json.dumps(blocks)


@contextmanager
def serving(model: Model) -> Iterator[Model]:
    """Serve the model on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            reply = model.answer(json.loads(body))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()


def tool_use(name: str, **arguments: Any) -> dict[str, Any]:
    """Return the block with which a model uses a tool."""
    return {"type": "tool_use", "id": f"toolu_{name[-8:]}", "name": name, "input": arguments}


def asked(claude: ClaudeCode, question: str, sql: str, **environ: str) -> Model:
    """Ask a question that the model answers with one query; return the model as it was left."""
    script = [
        tool_use("ToolSearch", query=f"select:{QUERY}"),
        tool_use(QUERY, sql=sql),
        {"type": "text", "text": "There they are."},
    ]
    with serving(Model(script)) as model:
        said = claude.run(
            "-p", question, "--allowedTools", f"{QUERY},ToolSearch",
            ANTHROPIC_BASE_URL=model.url, ANTHROPIC_API_KEY="stand-in", **environ,
        )  # fmt: skip
    assert "There they are." in said
    return model


def _events(block: dict[str, Any]) -> bytes:
    """Return a message of one block as server-sent events."""
    usage = {"input_tokens": 1, "output_tokens": 1}
    reason = "tool_use" if block["type"] == "tool_use" else "end_turn"
    message: dict[str, Any] = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "stand-in", "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    if block["type"] == "tool_use":
        start = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    else:
        start, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None},
         "usage": usage},
        {"type": "message_stop"},
    ]  # fmt: skip
    return "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()
