"""The two forms of the token pages."""

from __future__ import annotations

from django import forms
from django.conf import settings

from accounts.models import AnalystToken, User
from accounts.services import MAX_LIFETIME


def _default_days() -> int:
    return int(settings.TOKEN_LIFETIME_DAYS)


class IssueTokenForm(forms.Form):
    """For whom, what for, for how long."""

    user = forms.ModelChoiceField(User.objects.filter(is_active=True), label="Owner")
    label = forms.CharField(
        max_length=AnalystToken.label.field.max_length,
        help_text="Where the token will be used, for example: Claude Code on the laptop.",
    )
    days = forms.IntegerField(
        label="Valid for (days)",
        min_value=1,
        max_value=MAX_LIFETIME.days,
        initial=_default_days,
    )


class RevokeTokensForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        max_length=AnalystToken.revoke_reason.field.max_length,
        help_text="One line; it stays in the history.",
    )
