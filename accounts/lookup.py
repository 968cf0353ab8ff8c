"""Which token a person at the command line means."""

from __future__ import annotations

from django.db.models import Q

from accounts.errors import TokenNotFound
from accounts.models import AnalystToken

_LARGEST_ID = 2**63 - 1


def token_named(reference: str) -> AnalystToken:
    """Return the token of that id or prefix, or raise TokenNotFound.

    The error doesn't repeat the reference: in a hurry people paste the whole token.
    """
    named = Q(prefix=reference)
    if reference.isascii() and reference.isdigit() and int(reference) <= _LARGEST_ID:
        named |= Q(pk=int(reference))
    found = list(AnalystToken.objects.select_related("user").filter(named))
    if not found:
        raise TokenNotFound("No token has that id or prefix: look it up with list_tokens.")
    if len(found) > 1:
        ids = ", ".join(str(token.pk) for token in found)
        raise TokenNotFound(f"Several tokens answer to that; name one by its id: {ids}.")
    return found[0]
