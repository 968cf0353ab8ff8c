"""The readers of environment variables: strict, and silent about values."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleetmcp import env
from fleetmcp.env import BadSetting

T = TypeVar("T")
DSN = "postgresql://analytics_ro:s3cr3t@db:5432/tracksolid_db"
# What an environment variable can hold: anything but NUL, undecodable bytes as lone surrogates.
VALUES = st.binary().map(lambda raw: os.fsdecode(raw.replace(b"\0", b"")))
URLISH = st.lists(
    st.sampled_from(
        ["postgresql://", "postgres://", "https://", "http", ":", "//", "/", "@", "[", "]", "::1",
         "?", "=", "&", "#", "%", "%00", "%zz", "%ff", "%41", ",", "h", "db", "user", "pässword",
         "sslmode", "require", "5432", "99999", "-1", " ", "\n", "\t", "\x1b", "\u2028", "\udcff",
         "*", ".", "host", "localhost", "127.0.0.1", "℀", "\\"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


def refused(read: Callable[[], object]) -> str:
    """Return all that a person could see of the refusal, the traceback included."""
    with pytest.raises(BadSetting) as caught:
        read()
    shown = "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return shown


def outcome(read: Callable[[], T]) -> T | None:
    """Return what the reader reads in X, or None for a refusal that names X; nothing else goes."""
    try:
        return read()
    except BadSetting as error:
        told = str(error)
    assert told.startswith("X ")
    return None


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set or unset the variable X (or X_FILE)."""

    def put(value: str | None, name: str = "X") -> None:
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.proves("ENV-DEFAULT")
@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_missing_or_blank_variable_means_the_default(
    setting: Callable[..., None], value: str | None
) -> None:
    setting(value)
    assert env.env_str("X", "plain") == "plain"
    assert env.env_bool("X", True) is True
    assert env.env_int("X", 7, minimum=1, maximum=9) == 7
    assert env.env_list("X", "a, b") == ["a", "b"]
    assert env.env_secret("X") == ""
    assert env.public_url("X", "http://localhost:8892") == "http://localhost:8892"


@pytest.mark.proves("ENV-STRICT")
def test_good_values_are_read_without_their_blanks(setting: Callable[..., None]) -> None:
    setting("  True\n")
    assert env.env_bool("X", False) is True
    setting(" 9 ")
    assert env.env_int("X", 1, minimum=1, maximum=9) == 9
    setting(" a ,, b,")
    assert env.env_list("X") == ["a", "b"]
    setting(",")
    assert env.env_list("X", "default") == []


@pytest.mark.proves("ENV-STRICT")
@pytest.mark.parametrize("value", ["true", "TRUE", "1", "yes", "on", "False!", "0", "T"])
def test_bool_takes_only_the_two_words(setting: Callable[..., None], value: str) -> None:
    setting(value)
    assert "X must be True or False." in refused(lambda: env.env_bool("X", False))


@pytest.mark.proves("ENV-STRICT")
@pytest.mark.parametrize(
    "value",
    ["0", "10", "-3", "1e1", "1.0", "1_0", "+5", "٥", "²", "0x1", "five", "5 5", "9" * 5000],
)
def test_number_that_is_malformed_or_out_of_range_is_refused_with_the_range(
    setting: Callable[..., None], value: str
) -> None:
    setting(value)
    told = refused(lambda: env.env_int("X", 1, minimum=1, maximum=9))
    assert "X must be a whole number from 1 to 9." in told


@pytest.mark.proves("ENV-STRICT")
def test_bytes_that_are_not_utf8_are_refused_by_every_reader(
    setting: Callable[..., None],
) -> None:
    setting(os.fsdecode(b"k\xff\xfek"))
    readers: list[Callable[[], object]] = [
        lambda: env.env_str("X"),
        lambda: env.env_bool("X", False),
        lambda: env.env_int("X", 1, minimum=1, maximum=2),
        lambda: env.env_list("X"),
        lambda: env.env_secret("X"),
        lambda: env.public_url("X", "http://localhost"),
    ]
    for read in readers:
        assert "X holds bytes that are not UTF-8." in refused(read)


@pytest.mark.proves("ENV-FILE")
def test_secret_comes_from_the_file_without_its_newline(
    setting: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("  pässword \n", encoding="utf-8")
    setting(str(tmp_path / "secret"), "X_FILE")
    setting(" ")
    assert env.env_secret("X") == "pässword"


@pytest.mark.proves("ENV-FILE")
@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfes3cr3t"])
def test_secret_file_that_is_missing_empty_or_undecodable_is_refused(
    setting: Callable[..., None], tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "hush").write_bytes(content)
    setting(str(tmp_path / "hush"), "X_FILE")
    told = refused(lambda: env.env_secret("X"))
    assert "X_FILE" in told
    assert "hush" not in told
    assert "s3cr3t" not in told


@pytest.mark.proves("ENV-FILE")
def test_secret_file_that_is_a_folder_or_an_absurd_name_is_refused(
    setting: Callable[..., None], tmp_path: Path
) -> None:
    for name in (str(tmp_path), "n" * 10_000):
        setting(name, "X_FILE")
        assert "The file that X_FILE names can't be read." in refused(lambda: env.env_secret("X"))


@pytest.mark.proves("ENV-FILE")
def test_secret_set_twice_is_refused_although_both_say_the_same(
    setting: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s3cr3t")
    setting(str(tmp_path / "secret"), "X_FILE")
    setting("s3cr3t")
    told = refused(lambda: env.env_secret("X"))
    assert "Set either X or X_FILE, not both." in told
    assert "s3cr3t" not in told


@pytest.mark.proves("ENV-DSN")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DSN, ("tracksolid_db", "analytics_ro", "s3cr3t", "db", "5432", {})),
        ("postgres://u@h/db", ("db", "u", "", "h", "", {})),
        ("postgresql://u:p%40%2F%3A%25%23@h/db", ("db", "u", "p@/:%#", "h", "", {})),
        ("postgresql://u%40x:p%C3%A4%20@h/d%2Fb", ("d/b", "u@x", "pä ", "h", "", {})),
        ("postgresql://u:pä#?[&=@h/db", ("db", "u", "pä#?[&=", "h", "", {})),
        ("postgresql://u:p+q@h/db", ("db", "u", "p+q", "h", "", {})),
        ("postgresql://u:p@[::1]:5433/db", ("db", "u", "p", "::1", "5433", {})),
        ("postgresql://u:p@[fd00::7]/db", ("db", "u", "p", "fd00::7", "", {})),
        ("postgresql://u:p@%2FRun%2Fpg/db", ("db", "u", "p", "/Run/pg", "", {})),
        ("postgresql://u@/db?host=/run/pg&port=7", ("db", "u", "", "/run/pg", "7", {})),
        ("postgresql:///db?user=u&password=p%26", ("db", "u", "p&", "", "", {})),
        ("postgresql://u@h/db?sslmode=verify-full&sslrootcert=/a%20b+c",
         ("db", "u", "", "h", "", {"sslmode": "verify-full", "sslrootcert": "/a b+c"})),
        ("postgresql://u@h/db?options=-c%20search_path%3Dx",
         ("db", "u", "", "h", "", {"options": "-c search_path=x"})),
        ("postgresql://u@h:1/db", ("db", "u", "", "h", "1", {})),
        ("postgresql://u@h:65535/db", ("db", "u", "", "h", "65535", {})),
        ("postgresql://u@h1:1,h2:2/db?target_session_attrs=prefer-standby",
         ("db", "u", "", "h1,h2", "1,2", {"target_session_attrs": "prefer-standby"})),
        ("postgresql://u@h1,h2/db", ("db", "u", "", "h1,h2", "", {})),
    ],
)  # fmt: skip
def test_dsn_is_read_as_libpq_reads_it(text: str, expected: tuple[object, ...]) -> None:
    config = env.postgres_dsn("DATABASE_URL", text)
    assert config["ENGINE"] == "django.db.backends.postgresql"
    found = [config[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")]
    assert tuple(found) == expected


@pytest.mark.proves("ENV-DSN-REFUSED")
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("s3cr3t", id="no url"),
        pytest.param("mysql://u:s3cr3t@h/db", id="other scheme"),
        pytest.param("host=h user=u password=s3cr3t dbname=db", id="key value form"),
        pytest.param("postgresql://", id="nothing"),
        pytest.param("postgresql://h/db", id="no user"),
        pytest.param("postgresql://:s3cr3t@h/db", id="empty user"),
        pytest.param("postgresql://u:s3cr3t@h", id="no database"),
        pytest.param("postgresql://u:s3cr3t@h/", id="empty database"),
        pytest.param("postgresql://u:s3cr3t@h:x/db", id="port a word"),
        pytest.param("postgresql://u:s3cr3t@h:0/db", id="port zero"),
        pytest.param("postgresql://u:s3cr3t@h:65536/db", id="port too high"),
        pytest.param("postgresql://u:s3cr3t@h:-1/db", id="port negative"),
        pytest.param("postgresql://u:s3cr3t@h:5٤32/db", id="port in other digits"),
        pytest.param("postgresql://u:s3cr3t@h1:1,h2/db", id="a port for one of two hosts"),
        pytest.param("postgresql://u:s3cr3t@h1:1,h2:x/db", id="a word for one of two ports"),
        pytest.param("postgresql://u:s3cr3t@h1:1,:2/db", id="an empty host of two"),
        pytest.param("postgresql://u:s3cr3t@h1,h2@h3/db", id="@ in one of the hosts"),
        pytest.param("postgresql://u:s3cr3t@[::1/db", id="bracket left open"),
        pytest.param("postgresql://u:p@s3cr3t@h/db", id="bare @ in the password"),
        pytest.param("postgresql://u:p/s3cr3t@h/db", id="bare / in the password"),
        pytest.param("postgresql://u:s3cr3t%zz@h/db", id="broken percent"),
        pytest.param("postgresql://u:s3cr3t%@h/db", id="bare percent"),
        pytest.param("postgresql://u:s3cr3t%ff@h/db", id="not UTF-8"),
        pytest.param("postgresql://u:s3cr3t%00x@h/db", id="NUL in the password"),
        pytest.param("postgresql://u:s3cr3t\0@h/db", id="raw NUL"),
        pytest.param("postgresql://u:s3cr3t\n@h/db", id="newline"),
        pytest.param("postgresql://u:s3cr3t@h\t/db", id="tab"),
        pytest.param("postgresql://u:s3cr3t\ud800@h/db", id="lone surrogate"),
        pytest.param("postgresql://u:s3cr3t@h%0A/db", id="newline in the host"),
        pytest.param("postgresql://u:s3cr3t@h/d%1Bb", id="escape in the database"),
        pytest.param("postgresql://u:s3cr3t@h/db?sslmode", id="option without value"),
        pytest.param("postgresql://u:s3cr3t@h/db?sslmode=", id="option with empty value"),
        pytest.param("postgresql://u:s3cr3t@h/db?assume_role=postgres", id="unknown option"),
    ],
)
def test_dsn_that_is_no_dsn_is_refused_with_the_form_and_without_the_secret(text: str) -> None:
    told = refused(lambda: env.postgres_dsn("DATABASE_URL", text))
    assert "DATABASE_URL" in told
    assert "Write postgresql://analytics_ro:<password>@<host>:5432/<database>" in told
    assert "s3cr3t" not in told


@pytest.mark.proves("ENV-DSN")
@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
@example("p@ss:/?#[]%+ \n\u2028")
def test_any_percent_encoded_password_arrives_whole(password: str) -> None:
    config = env.postgres_dsn("X", f"postgresql://u:{quote(password, safe='')}@h:5432/db")
    assert config["PASSWORD"] == password


@pytest.mark.proves("ENV-FUZZ")
@settings(deadline=None)
@given(URLISH | st.text())
@example("postgresql://[")
@example("postgresql://h℀x@h/db")
@example("https://[::1")
@example("https://h℀x")
def test_whatever_is_written_the_url_readers_raise_bad_setting_and_nothing_else(text: str) -> None:
    known_form = env.postgres_dsn("X", DSN).keys()
    config = outcome(lambda: env.postgres_dsn("X", text))
    assert config is None or config.keys() == known_form
    origin = outcome(lambda: env.public_url("X", text))
    assert origin is None or origin.isascii()


@pytest.mark.proves("ENV-FUZZ")
@settings(deadline=None)
@given(VALUES)
def test_whatever_the_variable_holds_the_readers_raise_bad_setting_and_nothing_else(
    text: str,
) -> None:
    readers: list[Callable[[], object]] = [
        lambda: env.env_str("X"),
        lambda: env.env_bool("X", False),
        lambda: env.env_int("X", 1, minimum=1, maximum=2),
        lambda: env.env_list("X"),
        lambda: env.env_secret("X"),
        lambda: env.public_url("X", "http://localhost"),
    ]
    with patch.dict(os.environ, {"X": text}):
        for read in readers:
            outcome(read)


@pytest.mark.proves("ENV-SILENT")
@settings(deadline=None)
@given(
    secret=st.text("bcdfgjkqvwxyz7", min_size=8, max_size=30),
    wreck=st.sampled_from(
        ["mysql://u:{}@h/db", "postgresql://u:{}@h", "postgresql://u:{}@h:x/db", "{}",
         "postgresql://u:{}@[h/db", "postgresql://u:{}%zz@h/db", "postgresql://u:{}%ff@h/db",
         "postgresql://u:{}@h/db?nope=1", "postgresql://u:a@{}@h/db", "postgresql://u:a/{}@h/db",
         "postgresql://u:{}\n@h/db", "postgresql://u:p@h:{}/db", "postgresql://u:p@h/db?{}=1",
         "postgresql://u:{}\udcff@h/db", "password={} host=h", "https://u:{}@h", "https://{}/x/y"]
    ),
)  # fmt: skip
def test_no_piece_of_a_secret_is_in_any_refusal(secret: str, wreck: str) -> None:
    text = wreck.format(secret)
    pieces = {secret[start : start + 4] for start in range(len(secret) - 3)}
    readers: list[Callable[[], object]] = [
        lambda: env.postgres_dsn("NAME", text),
        lambda: env.public_url("NAME", "http://localhost"),
        lambda: env.env_bool("NAME", False),
        lambda: env.env_int("NAME", 1, minimum=1, maximum=2),
    ]
    with patch.dict(os.environ, {"NAME": text}):
        for read in readers:
            told = refused(read)
            assert not [piece for piece in pieces if piece in told]


@pytest.mark.proves("ENV-ORIGIN")
@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://fleetmcp.example.com", "https://fleetmcp.example.com"),
        ("https://fleetmcp.example.com/", "https://fleetmcp.example.com"),
        ("HTTPS://FleetMCP.Example.com", "https://fleetmcp.example.com"),
        ("https://x.example:443", "https://x.example"),
        ("http://x.example:80/", "http://x.example"),
        ("http://x.example:443", "http://x.example:443"),
        ("http://127.0.0.1:08892", "http://127.0.0.1:8892"),
        ("http://localhost:65535", "http://localhost:65535"),
        ("http://[::1]:8892", "http://[::1]:8892"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_public_url_is_written_as_browsers_write_an_origin(
    setting: Callable[..., None], text: str, origin: str
) -> None:
    setting(text)
    assert env.public_url("X", "") == origin


@pytest.mark.proves("ENV-ORIGIN")
@pytest.mark.parametrize(
    "text",
    ["x.example", "ftp://x", "https://", "https:///", "//x", "https:x", "https://x:0",
     "https://x:65536", "https://x:99999999", "https://x:-1", "https://x:port", "https://x:",
     "https://x/mcp", "https://x?y", "https://x#y", "https://x y", "https://x\\y", "https://x\ny",
     "https://u@x", "https://u:p@x", "https://bücher.example", "https://\u212a.com",
     "https://x.example.", "https://.example.com", "https://a..b", "https://*", "https://*.x.com",
     "https://-x.com", "https://a_b", "https://x,y", "https://[::1", "https://[::g]",
     "https://[v1.x]", "https://[fe80::1%25eth0]", "https://x%2e.com", "https://" + "a" * 64],
)  # fmt: skip
def test_public_url_that_is_no_plain_origin_is_refused(
    setting: Callable[..., None], text: str
) -> None:
    setting(text)
    assert "X must " in refused(lambda: env.public_url("X", ""))


@pytest.mark.proves("ENV-ORIGIN")
def test_public_url_with_a_password_is_refused_for_that_reason(
    setting: Callable[..., None],
) -> None:
    setting("https://admin:s3cr3t@x.example")
    told = refused(lambda: env.public_url("X", ""))
    assert "X must not carry a user name or password." in told
    assert "s3cr3t" not in told
