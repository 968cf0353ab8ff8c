"""What a person sees in the query history."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse

from accounts.models import User

LIST = "admin:audit_querylog_changelist"


def listed(client: Client, **words: object) -> list[int]:
    """Return the ids of the rows on the list with these words in its address."""
    answer = client.get(reverse(LIST), {name: str(value) for name, value in words.items()})
    assert answer.status_code == 200
    return ids_in(answer.content.decode())


def ids_in(html: str) -> list[int]:
    """Return the ids of the rows that a page links to, in its order."""
    return [int(number) for number in re.findall(r"/audit/querylog/(\d+)/change/", html)]


def signed_in(person: User) -> Client:
    """Return a browser of that person's."""
    client = Client()
    client.force_login(person)
    return client
