"""The forms of the team lead's pages."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings

from accounts.models import AnalystToken, Pause, Team, User, may_use_mcp
from accounts.people import why_bad_name
from accounts.rotation import DEFAULT_OVERLAP, MAX_OVERLAP
from accounts.storing import MAX_LIFETIME
from accounts.teams import handled_teams

if TYPE_CHECKING:
    # Generic for the type checker only.
    _PersonForm = forms.ModelForm[User]
else:
    _PersonForm = forms.ModelForm

_HOUR = timedelta(hours=1)
_REASON_HELP = "One line; it stays in the history."


_ELSEWHERE = (
    "If it is the same person, in another team: ask a superuser to put them into yours. Else "
    "choose another name."
)


def _default_days() -> int:
    return int(settings.TOKEN_LIFETIME_DAYS)


def _wide() -> forms.TextInput:
    """Return the admin's own text field."""
    return forms.TextInput(attrs={"class": "vTextField"})


class OnceForm(forms.Form):
    """A form that makes something once, however often it is sent."""

    # "off", or some browsers keep the old id when the page is reloaded.
    form_id = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}), initial=uuid.uuid4
    )


class IssueTokenForm(OnceForm):
    """For whom, what for, for how long; offers the analysts whom the lead handles."""

    user = forms.ModelChoiceField(User.objects.none(), label="Owner")
    label = forms.CharField(
        max_length=AnalystToken.label.field.max_length,
        widget=_wide(),
        initial="Claude",
        help_text="Where the token will be used, for example: Claude Code on the laptop.",
    )
    days = forms.IntegerField(
        label="Valid for (days)",
        min_value=1,
        max_value=MAX_LIFETIME.days,
        initial=_default_days,
    )

    def __init__(self, lead: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        analysts = User.objects.handled_by(lead).filter(may_use_mcp(), is_active=True)
        _choice(self.fields["user"]).queryset = analysts.order_by("username")


class RotateTokenForm(OnceForm):
    """For how long both work, and for how long the new one."""

    overlap_hours = forms.IntegerField(
        label="Both work for (hours)",
        min_value=0,
        max_value=MAX_OVERLAP // _HOUR,
        initial=DEFAULT_OVERLAP // _HOUR,
        help_text="Time to put the new token in place. 0 ends the old one at once.",
    )
    days = IssueTokenForm.base_fields["days"]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        max_length=AnalystToken.revoke_reason.field.max_length,
        widget=_wide(),
        help_text=_REASON_HELP,
    )


class AddAnalystForm(_PersonForm):
    """A new analyst: a name, a team that the lead leads, a policy; no password."""

    team = forms.ModelChoiceField(Team.objects.none())
    lead: User

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "policy")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = handled_teams(self.lead)
        team = _choice(self.fields["team"])
        team.queryset = teams
        team.required = not self.lead.is_superuser
        if not self.lead.is_superuser:
            team.initial = teams.first()

    def clean_username(self) -> str:
        """Return the name, unless the history could take it for another one."""
        username: str = User.normalize_username(self.cleaned_data["username"])
        bad = why_bad_name(username)
        if bad:
            taken = User.objects.filter(username__iexact=username).exists()
            raise forms.ValidationError(f"The person {bad}. {_ELSEWHERE if taken else ''}".strip())
        return username


class PauseForm(forms.Form):
    """What analysts are told, and whether what runs is stopped too."""

    message = forms.CharField(
        max_length=Pause.message.field.max_length,
        widget=_wide(),
        help_text="Every question is refused with this text, for example: "
        "Maintenance until 14:00 UTC, nothing is lost.",
    )
    cancel_running = forms.BooleanField(
        required=False, label="Also cancel the queries that are running now", label_suffix=""
    )
    sure = forms.BooleanField(label="Yes, stop all questions of all analysts", label_suffix="")


def _choice(field: forms.Field) -> forms.ModelChoiceField[Any]:
    return cast("forms.ModelChoiceField[Any]", field)
