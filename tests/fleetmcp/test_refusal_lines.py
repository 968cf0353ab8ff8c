"""What anybody can make the server log: one line for each refusal."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.environment import SETTINGS
from tests.live import Server, start_server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server, whose pages need no analytics database."""
    with start_server(tmp_path_factory.mktemp("lines"), SETTINGS["DATABASE_URL"]) as server:
        yield server


def logged(server: Server, form: dict[str, str], *, knows_the_form: bool = True) -> list[str]:
    """Return the lines about the answer, which is an error, to that form sent to the login page."""
    before = len(server.log())
    with httpx.Client(base_url=server.url) as browser:
        if knows_the_form:
            browser.get("/login/")
        assert browser.post("/login/", data=form).status_code in (400, 403)
    added = server.log()[before:].splitlines()
    return [line for line in added if "HTTP/1.1" not in line]


@pytest.mark.proves("LOG-REFUSALS")
def test_form_with_too_many_fields_is_one_line_without_a_traceback(running: Server) -> None:
    lines = logged(running, {f"f{number}": "x" for number in range(10_100)})
    assert len(lines) == 1
    assert "ERROR django.security.TooManyFieldsSent" in lines[0]
    assert "DATA_UPLOAD_MAX_NUMBER_FIELDS" in lines[0]


@pytest.mark.proves("LOG-REFUSALS")
@pytest.mark.parametrize("knows_the_form", [True, False])
def test_missing_csrf_token_is_still_said(running: Server, knows_the_form: bool) -> None:
    lines = logged(running, {"login": "tess"}, knows_the_form=knows_the_form)
    assert len(lines) == 1
    assert "WARNING django.security.csrf Forbidden (CSRF" in lines[0]
    assert "/login/" in lines[0]


@pytest.mark.proves("LOG-REFUSALS")
def test_body_that_no_form_could_want_is_a_413_before_it_is_read(running: Server) -> None:
    before = len(running.log())
    reply = httpx.post(f"{running.url}/login/", content=b"x" * 1_100_000)
    assert reply.status_code == 413
    assert running.log()[before:] == ""
