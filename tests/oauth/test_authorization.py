"""The authorization endpoint and the tokens: what a client gets, and what it is refused."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.authentication import authenticate
from accounts.models import AccessToken, Connection, Grant, RefreshToken, User
from tests.oauth.flow import CALLBACK, Flow, answer_of, bearer

pytestmark = pytest.mark.django_db


@pytest.mark.proves("OAUTH-CONNECT")
def test_consent_leads_to_a_token_that_names_person_client_and_limits(
    flow: Flow, alice: User
) -> None:
    tokens = flow.connect()
    assert tokens["access_token"].startswith("fmco_")
    assert tokens["refresh_token"].startswith("fmcr_")
    assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "analytics:read")
    caller = authenticate(bearer(tokens), "192.0.2.7")
    connection = Connection.objects.get()
    assert caller is not None
    assert (caller.user_id, caller.username) == (alice.pk, "alice")
    assert (caller.credential.name, caller.credential.token_id) == ("Claude", None)
    assert caller.credential.connection_id == connection.pk
    connection.refresh_from_db()
    assert connection.first_used_at == connection.last_used_at is not None
    assert (connection.last_used_ip, connection.redirect_host) == ("192.0.2.7", "claude.ai")


@pytest.mark.proves("OAUTH-HASHED")
def test_database_holds_no_token(flow: Flow) -> None:
    tokens = flow.connect()
    stored = [*AccessToken.objects.values(), *RefreshToken.objects.values()]
    assert tokens["access_token"] not in str(stored)
    assert tokens["refresh_token"] not in str(stored)


@pytest.mark.proves("OAUTH-ISS")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"resource": "https://evil.example"}, "invalid_target"),
        ({"resource": f"{settings.PUBLIC_URL}/other"}, "invalid_target"),
        ({"resource": f"{settings.PUBLIC_URL}.evil.example"}, "invalid_target"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"code_challenge": "x" * 200}, "invalid_request"),
        ({"code_challenge": "\x00" * 43}, "invalid_request"),
    ],
    ids=str,
)
def test_bad_question_is_answered_before_consent_with_issuer_and_state(
    flow: Flow, changes: dict[str, str | None], error: str
) -> None:
    answer = answer_of(flow.browser.get(flow.question(**changes)))
    assert answer["error"] == error
    assert (answer["iss"], answer["state"]) == (settings.PUBLIC_URL, "st4te")
    assert not Grant.objects.exists()


@pytest.mark.proves("OAUTH-ISS")
def test_person_is_not_asked_to_sign_in_for_a_request_that_must_fail(flow: Flow) -> None:
    flow.browser.logout()
    answer = answer_of(flow.browser.get(flow.question(resource="https://evil.example")))
    assert (answer["error"], answer["iss"]) == ("invalid_target", settings.PUBLIC_URL)
    assert flow.browser.get(flow.question(client_id="nobody")).status_code == 400
    assert "/login/" in flow.browser.get(flow.question())["Location"]


@pytest.mark.proves("OAUTH-ODD-REQUESTS")
@pytest.mark.parametrize("path", ["/oauth/token", "/token", "/oauth/revoke"])
def test_address_that_is_no_query_is_refused_and_never_an_error_of_ours(
    flow: Flow, path: str
) -> None:
    for address in (f"{path}?x=%zz", f"{path}?%00=%ff", f"{path}?;;&&="):
        answer = flow.machine.post(address, {"client_id": flow.client_id, "token": "x"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert flow.browser.get(flow.question() + "&x=%zz&%00").status_code == 200


@pytest.mark.proves("OAUTH-ODD-REQUESTS")
@pytest.mark.parametrize("code", ["\x00", "a\x00b", "é", "a b", ""])
def test_code_that_can_be_none_is_refused_before_the_database_chokes_on_it(
    flow: Flow, code: str
) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = flow.token(code=code)
    assert answer.status_code == 400
    assert not [query for query in asked if "accounts_grant" in query["sql"]]


@pytest.mark.proves("OAUTH-ODD-REQUESTS")
@pytest.mark.parametrize("text", ["\x00", "n" * 300, "\ud800"])
def test_what_only_openid_knows_is_never_stored(flow: Flow, text: str) -> None:
    sent = text.encode("utf-8", "surrogatepass").decode("latin-1")
    flow.code(nonce=sent, claims='{"userinfo": {}}')
    assert (Grant.objects.get().nonce, Grant.objects.get().claims) == ("", "{}")


@pytest.mark.proves("OAUTH-ISS")
@pytest.mark.parametrize("button", ["allow", "deny"])
def test_every_answer_says_who_answers(flow: Flow, button: str) -> None:
    answer = answer_of(flow.press(button))
    assert (answer["iss"], answer["state"]) == (settings.PUBLIC_URL, "st4te")
    assert ("code" in answer, answer.get("error")) in ((True, None), (False, "access_denied"))


@pytest.mark.proves("OAUTH-ISS")
def test_prompt_none_without_a_session_is_an_error_with_issuer(flow: Flow) -> None:
    flow.browser.logout()
    answer = answer_of(flow.browser.get(flow.question(prompt="none")))
    assert (answer["error"], answer["iss"]) == ("login_required", settings.PUBLIC_URL)


@pytest.mark.proves("OAUTH-REDIRECT-EXACT")
@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/callback",
        CALLBACK + "/more",
        CALLBACK + "?more=1",
        "https://user@claude.ai/api/mcp/auth_callback",
        "http://claude.ai/api/mcp/auth_callback",
        "https://claude.ai:8443/api/mcp/auth_callback",
    ],
)
@pytest.mark.parametrize("button", ["allow", "deny"])
def test_nothing_is_ever_sent_to_an_unregistered_address(flow: Flow, uri: str, button: str) -> None:
    address = flow.question(redirect_uri=uri)
    page = flow.browser.get(address)
    assert page.status_code == 400
    assert b"Not connected" in page.content
    flow.browser.get(flow.question())
    secret = flow.browser.cookies["csrftoken"].value
    pressed = flow.browser.post(address, {button: "1", "csrfmiddlewaretoken": secret})
    assert pressed.status_code == 400


@pytest.mark.proves("OAUTH-REDIRECT-EXACT")
def test_host_that_left_the_list_gets_no_more_codes(flow: Flow, settings: Settings) -> None:
    settings.OAUTH_CLIENT_HOSTS = ["claude.com"]
    assert flow.browser.get(flow.question()).status_code == 400


@pytest.mark.proves("OAUTH-CONSENT-ALWAYS")
def test_client_can_not_skip_the_page(flow: Flow) -> None:
    flow.connect()
    page = flow.browser.get(flow.question(approval_prompt="auto"))
    assert page.status_code == 200
    assert Grant.objects.count() == 0


@pytest.mark.proves("OAUTH-CONSENT-ALWAYS")
@pytest.mark.parametrize("button", ["", "skip", "Allow"])
def test_any_other_button_denies(flow: Flow, button: str) -> None:
    assert answer_of(flow.press(button))["error"] == "access_denied"


@pytest.mark.proves("OAUTH-CONSENT-ALWAYS")
def test_consent_needs_the_page_s_own_form(flow: Flow) -> None:
    assert flow.browser.post(flow.question(), {"allow": "1"}).status_code == 403


@pytest.mark.proves("OAUTH-RESOURCE")
@pytest.mark.parametrize("path", ["", "/", "/mcp", "/mcp/", None, " "])
def test_each_name_of_ours_gives_the_same_audience(flow: Flow, path: str | None) -> None:
    named = None if path is None else " " if path == " " else settings.PUBLIC_URL + path
    tokens = flow.token(code=flow.code(resource=named), resource=named).json()
    assert AccessToken.objects.get().resource == [settings.PUBLIC_URL]
    assert authenticate(bearer(tokens)) is not None


@pytest.mark.proves("OAUTH-RESOURCE")
def test_foreign_resource_at_the_token_endpoint_is_an_invalid_target(flow: Flow) -> None:
    answer = flow.token(code=flow.code(), resource="https://evil.example")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    assert not AccessToken.objects.exists()


@pytest.mark.proves("OAUTH-RESOURCE")
def test_foreign_resource_at_refresh_is_an_invalid_target(flow: Flow) -> None:
    tokens = flow.connect()
    answer = flow.refresh(tokens["refresh_token"], resource="https://evil.example")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


@pytest.mark.proves("OAUTH-RESOURCE")
@pytest.mark.parametrize("named", [[], ["https://evil.example"]], ids=str)
def test_code_and_refresh_token_of_another_audience_are_worth_nothing(
    flow: Flow, named: list[str]
) -> None:
    code = flow.code()
    Grant.objects.update(resource=named)
    assert flow.token(code=code).json() == {"error": "invalid_grant"}
    tokens = flow.connect()
    RefreshToken.objects.update(resource=named)
    assert flow.refresh(tokens["refresh_token"]).json() == {"error": "invalid_grant"}


@pytest.mark.proves("OAUTH-RESOURCE")
def test_each_of_several_resources_must_be_ours(flow: Flow) -> None:
    ours, address = f"{settings.PUBLIC_URL}/mcp", flow.question(resource=None)
    evil = "https://evil.example"
    for named in ([ours, evil], [evil, ours]):
        answer = answer_of(flow.browser.get(f"{address}&{urlencode({'resource': named}, True)}"))
        assert answer["error"] == "invalid_target"
        traded = flow.token(code=flow.code(), resource=named)
        assert traded.json()["error"] == "invalid_target"


@pytest.mark.proves("OAUTH-SCOPE-TOLERANT")
@pytest.mark.parametrize(
    "scope",
    ["analytics:read offline_access", " analytics:read  ", "offline_access", "", None],
)
def test_stray_scopes_and_blanks_are_tolerated(flow: Flow, scope: str | None) -> None:
    tokens = flow.token(code=flow.code(scope=scope)).json()
    again = flow.refresh(tokens["refresh_token"], **({"scope": scope} if scope else {})).json()
    assert tokens["scope"] == again["scope"] == "analytics:read"


@pytest.mark.proves("OAUTH-SCOPE-TOLERANT")
def test_refresh_never_widens_the_scope(flow: Flow) -> None:
    tokens = flow.connect()
    answer = flow.refresh(tokens["refresh_token"], scope="analytics:read admin")
    assert answer.json()["error"] == "invalid_scope"
