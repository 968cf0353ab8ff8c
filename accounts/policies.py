"""The verbs that write policies, and who has which. Admin and commands call these."""

from __future__ import annotations

from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction
from typing_extensions import Unpack

from accounts.errors import PolicyRefused
from accounts.models import LIMITS, AccessPolicy, User
from accounts.signals import policy_assigned, policy_saved

Changes = dict[str, tuple[Any, Any]]


class PolicyFields(TypedDict, total=False):
    """What a policy says; ``schemas`` is a list with commas, "" for all."""

    name: str
    schemas: str
    max_rows: int
    max_characters: int
    max_cell: int
    statement_timeout_s: int
    concurrent_queries: int
    queries_per_minute: int
    rows_per_day: int
    may_export: bool


def create_policy(*, by: User | None = None, **fields: Unpack[PolicyFields]) -> AccessPolicy:
    """Make a policy; what is not named has the model's default. Raises PolicyRefused."""
    policy = AccessPolicy(**fields)
    save_policy(policy=policy, by=by)
    return policy


def update_policy(
    *, policy: AccessPolicy, by: User | None = None, **fields: Unpack[PolicyFields]
) -> Changes:
    """Change what is named and return what changed. Raises PolicyRefused, and changes nothing."""
    current = AccessPolicy.objects.get(pk=policy.pk)
    for name, value in fields.items():
        setattr(current, name, value)
    changes = save_policy(policy=current, by=by)
    policy.refresh_from_db()
    return changes


def save_policy(*, policy: AccessPolicy, by: User | None = None) -> Changes:
    """Store the policy as it stands; return {field: (before, after)}. Raises PolicyRefused."""
    try:
        policy.full_clean()
    except ValidationError as error:
        raise PolicyRefused(_sentence(error)) from None
    with transaction.atomic():
        before = AccessPolicy.objects.select_for_update().filter(pk=policy.pk).first()
        changes = _changes(before, policy)
        if changes or before is None:
            policy.save()
            _announce(policy, changes, by, created=before is None)
    return changes


def make_default(*, policy: AccessPolicy, by: User | None = None) -> bool:
    """Let it hold for all who have none of their own; return False if it did before."""
    with transaction.atomic():
        # Locked, so that of two leads at the same moment the later one wins, without an error.
        list(AccessPolicy.objects.select_for_update().order_by("pk"))
        policy.refresh_from_db()
        if policy.is_default:
            return False
        AccessPolicy.objects.filter(is_default=True).update(is_default=False)
        AccessPolicy.objects.filter(pk=policy.pk).update(is_default=True)
        policy.refresh_from_db()
        _announce(policy, {"is_default": (False, True)}, by, created=False)
    return True


def assign_policy(*, user: User, policy: AccessPolicy | None, by: User | None = None) -> bool:
    """Give the person that policy, or with None the default; return False if they had it."""
    with transaction.atomic():
        row = User.objects.select_for_update(of=("self",)).select_related("policy").get(pk=user.pk)
        before = row.policy
        user.policy = policy
        if before == policy:
            return False
        User.objects.filter(pk=user.pk).update(policy=policy)
        policy_assigned.send(sender=User, user=user, before=before, policy=policy, by=by)
    return True


def _announce(policy: AccessPolicy, changes: Changes, by: User | None, *, created: bool) -> None:
    policy_saved.send(sender=AccessPolicy, policy=policy, created=created, changes=changes, by=by)


def _changes(before: AccessPolicy | None, after: AccessPolicy) -> Changes:
    pairs = ((name, getattr(before, name, None), getattr(after, name)) for name in LIMITS)
    return {name: (old, new) for name, old, new in pairs if old != new}


def _sentence(error: ValidationError) -> str:
    """Return what is wrong with each field, on one line."""
    return " ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
