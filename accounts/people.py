"""Which names a new person may have."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User


def why_bad_name(username: str) -> str | None:
    """Return why no person of that name may be created, as the end of a sentence, or None.

    Names that differ in upper and lower case only can't be told apart in a history.
    """
    try:
        User(username=username).clean_fields(exclude=["password"])
    except ValidationError:
        return "has a name that is not 1 to 150 letters, digits and @/./+/-/_"
    if User.objects.filter(username__iexact=username).exists():
        return "differs from an existing person in upper and lower case only"
    return None
