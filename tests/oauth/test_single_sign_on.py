"""Signing in with the company's account, against an OpenID provider that runs here."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt
import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User
from accounts.oauth.company import sso_providers
from tests.oauth.flow import Flow, answer_of

pytestmark = pytest.mark.django_db
KEY = "k" * 64


@dataclass
class Company:
    """The company's provider; ``said`` is what it says of whoever signs in."""

    url: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    traded: dict[str, str] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)

    def document(self, path: str) -> dict[str, Any]:
        """Answer with a document."""
        if path.startswith("/.well-known/"):
            names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
            found = {name: f"{self.url}/{name}" for name in names}
            return {**found, "issuer": self.url}
        if path == "/token_endpoint":
            token = {"iss": self.url, "aud": "us", "exp": time.time() + 60, **self.said}
            return {
                "access_token": "x",
                "token_type": "Bearer",
                "id_token": jwt.encode(token, KEY, algorithm="HS256"),
            }
        return self.said


def answers_of(provider: Company) -> type[BaseHTTPRequestHandler]:
    """Return how the provider answers a browser, and the server behind it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorization_endpoint":
                provider.asked = dict(parse_qsl(parts.query))
                back = {"code": "c0de", "state": provider.asked["state"]}
                self.send_response(302)
                self.send_header("Location", f"{provider.asked['redirect_uri']}?{urlencode(back)}")
                self.end_headers()
                return
            self._say(parts.path)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            provider.traded = dict(parse_qsl(body.decode()))
            self._say(self.path)

        def _say(self, path: str) -> None:
            said = provider.documents.get(path)
            content = (json.dumps(provider.document(path)) if said is None else said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    return Handler


@pytest.fixture
def company(settings: Settings) -> Iterator[Company]:
    """Start the provider and trust it."""
    provider = Company()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), answers_of(provider))
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    provider.url = f"http://127.0.0.1:{listener.server_address[1]}"
    settings.SOCIALACCOUNT_PROVIDERS = sso_providers(provider.url, "us", "secret", "Acme")
    yield provider
    listener.shutdown()
    listener.server_close()


def sign_in(browser: Client, following: str = "/") -> Any:
    """Walk to the company and back."""
    start = browser.get("/sso/company/login/", {"next": following})
    assert start.status_code == 302, start.content
    back = httpx.get(start["Location"])
    parts = urlsplit(back.headers["location"])
    return browser.get(f"{parts.path}?{parts.query}")


def known(user: User) -> User:
    user.email = "alice@acme.example"
    user.save()
    return user


ALICE = {"sub": "007", "email": "Alice@acme.example", "email_verified": True}


@pytest.mark.proves("SSO-SIGN-IN")
def test_person_signs_in_with_the_company_and_lands_on_the_consent_page(
    company: Company, alice: User
) -> None:
    known(alice)
    company.said = ALICE
    flow = Flow()
    flow.register()
    answer = sign_in(flow.browser, flow.question())
    assert (answer.status_code, answer["Location"]) == (302, flow.question())
    assert company.asked["code_challenge_method"] == "S256"
    assert company.traded["code_verifier"]
    page = flow.browser.get(flow.question()).content.decode()
    assert "signed in as <strong>alice</strong>" in page
    assert "code" in answer_of(flow.press("allow"))


@pytest.mark.proves("SSO-SIGN-IN")
def test_later_the_account_counts_not_the_address(company: Company, alice: User, bob: User) -> None:
    known(alice)
    company.said = ALICE
    sign_in(Client())
    bob.email = "bob@acme.example"
    bob.save()
    company.said = {**ALICE, "email": "bob@acme.example"}
    browser = Client()
    sign_in(browser)
    assert browser.session["_auth_user_id"] == str(alice.pk)


REFUSED = {
    "unverified": {**ALICE, "email_verified": False},
    "not said to be verified": {"sub": "007", "email": ALICE["email"]},
    "verified as text": {**ALICE, "email_verified": "true"},
    "a stranger": {**ALICE, "email": "ivan@evil.example"},
    "no address": {"sub": "007", "email_verified": True},
    "an empty address": {**ALICE, "email": ""},
}


@pytest.mark.proves("SSO-REFUSED")
@pytest.mark.parametrize("said", REFUSED.values(), ids=REFUSED)
def test_address_that_nobody_vouches_for_opens_nothing(
    company: Company, alice: User, ivan: User, said: dict[str, Any]
) -> None:
    known(alice)
    company.said = said
    before = User.objects.count()
    browser = Client()
    answer = sign_in(browser)
    assert answer.status_code == 403
    assert "_auth_user_id" not in browser.session
    assert User.objects.count() == before


@pytest.mark.proves("SSO-REFUSED")
def test_address_of_two_people_or_of_nobody_active_opens_nothing(
    company: Company, alice: User, bob: User
) -> None:
    company.said = ALICE
    for person in (alice, bob):
        known(person)
    assert sign_in(Client()).status_code == 403
    User.objects.update(is_active=False)
    assert sign_in(Client()).status_code == 403


@pytest.mark.proves("SSO-REFUSED")
def test_person_who_was_deactivated_is_out_with_a_known_account_too(
    company: Company, alice: User
) -> None:
    known(alice)
    company.said = ALICE
    assert sign_in(Client()).status_code == 302
    alice.is_active = False
    alice.save()
    assert sign_in(Client()).status_code == 403


@pytest.mark.proves("SSO-REFUSED")
def test_answer_that_we_did_not_ask_for_opens_nothing(company: Company, alice: User) -> None:
    known(alice)
    company.said = ALICE
    browser = Client()
    answer = browser.get("/sso/company/login/callback/?code=x&state=forged")
    assert answer.status_code == 403
    assert "_auth_user_id" not in browser.session


@pytest.mark.proves("SSO-SIGN-IN")
def test_provider_that_vouches_for_all_addresses_can_be_trusted(
    company: Company, alice: User, settings: Settings
) -> None:
    known(alice)
    settings.SSO_EMAILS_ARE_VERIFIED = True
    company.said = {"sub": "007", "email": ALICE["email"]}
    assert sign_in(Client()).status_code == 302


@pytest.mark.proves("SSO-SWITCH")
def test_without_the_setting_there_is_no_button_and_no_way_in(alice: User) -> None:
    assert Client().get("/sso/company/login/").status_code == 404
    request = RequestFactory().get("/")
    assert "Sign in with" not in render_to_string("oauth/sso.html", {}, request)


@pytest.mark.proves("SSO-SWITCH")
def test_with_it_the_sign_in_page_offers_the_company(company: Company) -> None:
    request = RequestFactory().get("/", {"next": "/oauth/authorize?a=1&b=2"})
    button = render_to_string("oauth/sso.html", {}, request)
    assert "Sign in with Acme" in button
    assert "next=%2Foauth%2Fauthorize%3Fa%3D1%26b%3D2" in button


@pytest.mark.proves("SSO-REFUSED")
@pytest.mark.parametrize("text", ["<html>Down for maintenance</html>", "{}", "[]", "null"])
def test_company_that_does_not_answer_is_a_page_of_ours(company: Company, text: str) -> None:
    browser = Client()
    company.documents = {"/.well-known/openid-configuration": text}
    answer = browser.get("/sso/company/login/")
    assert answer.status_code == 403
    assert "did not answer as it should" in answer.content.decode()


@pytest.mark.proves("SSO-REFUSED")
@pytest.mark.parametrize("text", ["<html>Oops</html>", '"Oops"'])
@pytest.mark.parametrize(
    "path", ["/token_endpoint", "/userinfo_endpoint", "/.well-known/openid-configuration"]
)
def test_company_that_breaks_down_half_way_is_a_page_of_ours(
    company: Company, alice: User, path: str, text: str
) -> None:
    known(alice)
    company.said = ALICE
    browser = Client()
    start = browser.get("/sso/company/login/")
    back = urlsplit(httpx.get(start["Location"]).headers["location"])
    company.documents = {path: text}
    answer = browser.get(f"{back.path}?{back.query}")
    assert answer.status_code == 403, answer.content
    assert "_auth_user_id" not in browser.session


@pytest.mark.proves("SSO-REFUSED")
def test_person_who_turns_back_at_the_company_is_told_so(company: Company) -> None:
    browser = Client()
    start = browser.get("/sso/company/login/")
    state = dict(parse_qsl(urlsplit(start["Location"]).query))["state"]
    answer = browser.get(f"/sso/company/login/callback/?error=access_denied&state={state}")
    assert answer.status_code == 403
