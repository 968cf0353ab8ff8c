"""Whatever the environment holds: it is used as it stands, or one sentence says what to set."""

from __future__ import annotations

import os
import re
import runpy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import strategies as st

from fleetmcp.env import BadSetting
from tests.environment import SETTINGS
from tests.fuzz import budget
from tests.fuzz.budget import Hunt, explored

ROOT = Path(__file__).resolve().parents[2]
_FILE = ROOT / "fleetmcp" / "settings.py"
_READ = re.compile(r'env\.(\w+)\(\s*"([A-Z_]+)"')
# Each setting with its reader, as the settings themselves have it.
READERS = {name: reader for reader, name in _READ.findall(_FILE.read_text(encoding="utf-8"))}
URLS = ("DATABASE_URL", "APP_DATABASE_URL")
SECRET = sorted(name for name, reader in READERS.items() if reader == "env_secret")
# What another setting must say so that this one is looked at.
BESIDE = {"SSO_OPENID_URL": {"SSO_CLIENT_ID": "x", "SSO_CLIENT_SECRET": "y"}}

WORDS = st.sampled_from([
    "True", "False", "true", "TRUE", "1", "0", "-1", "+5", "5 ", "1_000", "٣", "1e3", "0x10", "",
    "999999999999999999999", "NaN", "text", "json", "DEBUG", "staff", "never", ",", ",,", " ", "\t",
    "\r\n", "\udcff", "\u2028", "\x1b[31m", "é", "🚚", "a,b", "public, tracksolid", "https://",
    "http://127.0.0.1:8892", "https://fleet.example.com", "postgresql://", "u:p@", "h:5432", "/d",
    "?sslmode=require", "%00", "%zz", "[::1]", "*", "/tmp", "..", "postgresql://u:s3cr3tw0rd@h/d",
])  # fmt: skip
# Anything but NUL, undecodable bytes as lone surrogates: what an environment variable can hold.
RAW = st.binary(max_size=40).map(lambda raw: os.fsdecode(raw.replace(b"\0", b"")))
VALUES = st.one_of(WORDS, st.lists(WORDS, max_size=5).map("".join), RAW, st.integers().map(str))


def settings_of(environ: dict[str, str]) -> dict[str, Any]:
    """Return the settings as they are read in that environment."""
    clean = {k: v for k, v in os.environ.items() if k.removesuffix("_FILE") not in READERS}
    with patch.dict(os.environ, clean | SETTINGS | environ, clear=True):
        return runpy.run_path(str(_FILE), run_name="fuzzed_settings")


def meant(name: str, value: str) -> set[object]:
    """Return what the setting may be when it holds that value; the empty one is the default."""
    text = value.strip()
    match READERS[name]:
        case "env_int":
            return {int(text)}
        case "env_bool":
            return {text == "True"}
        case "env_list":
            return {tuple(word.strip() for word in text.split(",") if word.strip())}
        case "public_url":
            return {text.lower().rstrip("/"), re.sub(":(80|443)/*$", "", text.lower())}
    return {text}


def check(name: str, value: str, hunt: Hunt) -> None:
    """Read the settings with one of them set to that value."""
    try:
        found = settings_of({name: value} | BESIDE.get(name, {}))
    except BadSetting as refusal:
        hunt.figures["refused"] += 1
        said = str(refusal)
        assert name in said, said
        assert len(said.splitlines()) == 1, said
        assert said.isprintable(), said
        if name in SECRET and len(value.strip()) > 11:
            assert value.strip() not in said, said
        return
    hunt.figures["taken"] += 1
    if not value.strip() or name in URLS or name not in found:
        return
    used = found[name]
    used = tuple(used) if isinstance(used, list) else used
    if name == "OAUTH_CLIENT_HOSTS":
        value = value.lower()
    wanted = {Path(value.strip())} if isinstance(used, Path) else meant(name, value)
    assert used in wanted, (used, wanted)


@pytest.mark.proves("FUZZ-ENV")
@pytest.mark.timeout(0 if budget.SECONDS else 180)
def test_every_setting_is_used_as_it_stands_or_refused_in_one_sentence() -> None:
    hunt = Hunt("env")
    assert len(READERS) > 30
    pairs = st.tuples(st.sampled_from(sorted(READERS)), VALUES)
    explored(hunt, pairs, lambda pair: check(pair[0], pair[1], hunt), short=1500)


def refused_alone(name: str, environ: dict[str, str], secret: str) -> None:
    """Read the settings, which must be refused without the secret."""
    with pytest.raises(BadSetting) as refusal:
        settings_of(environ)
    assert name in str(refusal.value)
    assert secret not in str(refusal.value)


@pytest.mark.proves("FUZZ-ENV")
@pytest.mark.parametrize("name", SECRET)
def test_secret_in_a_file_that_is_no_text_is_refused_without_its_content(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    hidden = "s3cr3t-part"
    for content in (b"\xff\xfe" + hidden.encode(), b"", b"  \n"):
        file.write_bytes(content)
        refused_alone(name, {f"{name}_FILE": str(file), name: ""}, hidden)
    refused_alone(name, {f"{name}_FILE": str(tmp_path), name: ""}, hidden)
    refused_alone(name, {f"{name}_FILE": "\udcff", name: ""}, hidden)
    refused_alone(name, {f"{name}_FILE": str(file), name: hidden * 4}, hidden)
