"""The pages of tokens, as somebody uses them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.urls import reverse

from accounts.models import AnalystToken, User

ADD = "admin:accounts_analysttoken_add"
LIST = "admin:accounts_analysttoken_changelist"
CHANGE = "admin:accounts_analysttoken_change"


def issue_through_admin(
    client: Client, owner: User, label: str = "laptop", form_id: UUID | None = None
) -> tuple[Any, str]:
    """Issue a token; return the answer and the secret in it, or ""."""
    form = {"user": owner.pk, "label": label, "days": 30, "form_id": form_id or uuid4()}
    response = client.post(reverse(ADD), form)
    found = re.findall(r"fmcp_[0-9A-Za-z]{49}", response.content.decode())
    return response, found[0] if found else ""


def revoke_through_admin(client: Client, *tokens: AnalystToken, **extra: str) -> Any:
    """Choose the tokens in the list and press Revoke; return the answer."""
    ids = [token.pk for token in tokens]
    form = {"action": "revoke_selected", "_selected_action": ids, **extra}
    return client.post(reverse(LIST), form)
