"""Events in Django admin: to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString

from accounts.models import User
from audit.admin import showing
from audit.admin.lists import BoundedPaginator, FormList, ReadOnly, choose
from audit.admin.periods import PERIOD_CHOICES, begin_of
from audit.models import Event, EventKind

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Event]
else:
    _ModelAdmin = admin.ModelAdmin

_ANY = [("", "Any")]


class EventForm(forms.Form):
    """What one may ask of the events."""

    q = forms.CharField(label="Text in the summary", required=False, max_length=200)
    kind = forms.ChoiceField(choices=_ANY + list(EventKind.choices), required=False)
    person = forms.ModelChoiceField(User.objects.none(), required=False)
    period = forms.ChoiceField(choices=_ANY + PERIOD_CHOICES, required=False)

    def __init__(self, data: QueryDict, viewer: User) -> None:
        super().__init__({key: data[key] for key in data}, auto_id="filter-%s")
        choose(self.fields["person"], User.objects.visible_to(viewer).order_by("username"))


class EventList(FormList):
    """The events that the form asks for."""

    form: EventForm
    first_fields = ("q", "kind", "person", "period")

    def make_form(self, data: QueryDict, viewer: User) -> EventForm:
        """Return the form of the events."""
        return EventForm(data, viewer)

    def narrowed(self, viewer: User) -> QuerySet[Event]:
        """Return the events, newest first; a form that is wrong asks for none."""
        rows: QuerySet[Event] = self.root_queryset.select_related("actor", "subject")
        if not self.form.is_valid():
            return rows.none()
        return rows.filter(_conditions(self.form.cleaned_data)).order_by("-id")


def _conditions(asked: dict[str, Any]) -> Q:
    found = Q(summary__icontains=asked["q"]) if asked["q"] else Q()
    if asked["kind"]:
        found &= Q(kind=asked["kind"])
    if asked["person"]:
        found &= Q(actor=asked["person"]) | Q(subject=asked["person"])
    if asked["period"]:
        found &= Q(at__gte=begin_of(asked["period"]))
    return found


@admin.register(Event)
class EventAdmin(ReadOnly, _ModelAdmin):
    """Everything besides queries that was done."""

    change_list_template = "admin/audit/event/list.html"
    change_form_template = "admin/audit/read_only.html"
    list_display = ("id", "when", "kind", "done_by", "done_to", "what", "ip")
    list_per_page = 50
    paginator = BoundedPaginator
    fields = ("when", "kind", "done_by", "done_to", "token", "connection", "what", "ip", "pretty")
    readonly_fields = ("when", "done_by", "done_to", "what", "pretty")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EventList]:
        """Return our own list."""
        return EventList

    @admin.display(description="at")
    def when(self, event: Event) -> SafeString:
        """When."""
        return showing.moment(event.at)

    @admin.display(description="actor")
    def done_by(self, event: Event) -> SafeString:
        """Who did it, or what."""
        return showing.visible(event.actor_name or (event.actor.username if event.actor else "–"))

    @admin.display(description="subject")
    def done_to(self, event: Event) -> SafeString:
        """To whom."""
        return showing.visible(event.subject.username if event.subject else "–")

    @admin.display(description="summary")
    def what(self, event: Event) -> SafeString:
        """What was done, in words."""
        return showing.visible(event.summary)

    @admin.display(description="details")
    def pretty(self, event: Event) -> SafeString:
        """The details as JSON."""
        return showing.block(showing.json_html(event.details)) if event.details else SafeString("–")
