"""Every page that somebody of staff can reach by links keeps every promise."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tests.browser.browsing import Person
from tests.browser.conftest import Seat

MOST = 60
# What is no page, and the same lists in another order.
_ELSEWHERE = re.compile(
    r"^/(static|logout|admin/(logout|jsi18n|r/))|\?(o|_facets|_changelist_filters)="
)

# Moments that nobody's zone could be applied to; not those in SQL, and in texts for others.
_ZONELESS = r"""() => {
  const page = document.querySelector('main').cloneNode(true);
  page.querySelectorAll('time, pre, code, textarea, select, input').forEach((e) => e.remove());
  return page.textContent.match(
    /(?<!')20\d\d-\d\d-\d\d[ T]\d\d:\d\d|[A-Z][a-z]{2,8}\.? \d{1,2}, 20\d\d|\d [ap]\.m\./g);
}"""


def shape(address: str) -> str:
    """Return what two addresses of the same kind of page have in common."""
    parts = urlsplit(address)
    names = sorted({pair.partition("=")[0] for pair in parts.query.split("&") if pair})
    return re.sub(r"\d+|[0-9a-f]{16}", "N", parts.path) + "?" + "&".join(names)


def links(person: Person) -> list[str]:
    """Return the addresses on this site that the page leads to."""
    found = person.page.evaluate("[...document.links].map((a) => a.download ? '' : a.href)")
    own = [href.removeprefix(person.url) for href in found if href.startswith(person.url + "/")]
    # Of a list's filters each once: together they make pages without end.
    once = [href.partition("#")[0] for href in own if href.count("&") == 0]
    return [href for href in once if not _ELSEWHERE.search(href)]


def crawl(person: Person, start: str, closely: bool) -> tuple[list[str], list[str]]:
    """Visit one page of each kind; return those visited and what is wrong with them."""
    waiting, seen, wrong = [start], {shape(start)}, []
    visited: list[str] = []
    while waiting and len(visited) < MOST:
        path = waiting.pop(0)
        visited.append(path)
        try:
            person.visit(path, closely=closely)
            assert not person.page.evaluate(_ZONELESS), f"{path}: {person.page.evaluate(_ZONELESS)}"
        except AssertionError as problem:
            wrong.append(str(problem).partition("\n")[0])
            person.errors.clear()
        for link in links(person):
            if shape(link) not in seen:
                seen.add(shape(link))
                waiting.append(link)
    return visited, wrong


@pytest.mark.timeout(400)  # on a machine that is busy with other things
@pytest.mark.proves("PAGES-ALL", "PAGES-CSP")
@pytest.mark.parametrize("name", ["sue", "tess", "otto"])
def test_every_page_within_reach_keeps_every_promise(seat: Seat, name: str) -> None:
    # Sue sees every page that the others see; axe takes its time.
    visited, wrong = crawl(seat(name), "/admin/", closely=name == "sue")
    assert not wrong, "\n".join([f"{len(wrong)} of {len(visited)} pages", *wrong])
    assert len(visited) > 10
