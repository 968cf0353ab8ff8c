"""Deactivating and activating people: a reason first, then every door at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.admin.base import handled, one_of, page, who
from accounts.errors import PersonRefused
from accounts.forms import ReasonForm
from accounts.inviting import invite
from accounts.models import User
from accounts.people import activate_person, deactivate_person

if TYPE_CHECKING:
    # Generic for the type checker only.
    _PersonAdmin = admin.ModelAdmin[User]
else:
    _PersonAdmin = admin.ModelAdmin

VERBS = {"deactivate": deactivate_person, "activate": activate_person}


class Switches(_PersonAdmin):
    """The page of the two verbs, for one person and for many."""

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Return True for those who may shut and open the doors of people."""
        return who(request).has_perm("accounts.change_user")

    def switch_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Ask for the reason, then shut or open one person's doors."""
        if not self.has_switch_permission(request):
            raise PermissionDenied
        person = one_of(handled(request), pk)
        back = HttpResponseRedirect(reverse("admin:accounts_user_change", args=[pk]))
        return self._switched(request, verb, [person], request.method == "POST") or back

    def invite_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """On POST make the person's link and show it, in this very response."""
        if not self.has_switch_permission(request):
            raise PermissionDenied
        person = one_of(handled(request), pk)
        link = refusal = ""
        if request.method == "POST":
            try:
                link = invite(user=person, by=who(request))
                self.log_change(request, person, "A sign-in link was made")
            except PersonRefused as refused:
                refusal = str(refused)
        title = f"Sign-in link for {person.username}"
        words = {"person": person, "link": link, "refusal": refusal}
        return page(self, request, "invite", title, **words)

    @admin.action(description="Deactivate selected people", permissions=["switch"])
    def deactivate_selected(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        """Ask for the reason first, then shut their doors."""
        people = list(queryset.filter(pk__in=handled(request).values("pk")))
        if not people:
            self.message_user(request, "None of them is yours to handle.", messages.ERROR)
            return None
        return self._switched(request, "deactivate", people, "confirmed" in request.POST)

    def _switched(
        self, request: HttpRequest, verb: str, people: list[User], sent: bool
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if sent else None)
        if form.is_bound and form.is_valid():
            try:
                self._switch(request, verb, people, form.cleaned_data["reason"])
                return None
            except PersonRefused as refusal:
                form.add_error(None, str(refusal))
        title = f"{verb.capitalize()} {people[0].username if len(people) == 1 else 'people'}"
        return page(self, request, "switch", title, form=form, people=people, verb=verb)

    def _switch(self, request: HttpRequest, verb: str, people: list[User], reason: str) -> None:
        with transaction.atomic():
            by = who(request)
            done = [one for one in people if VERBS[verb](user=one, by=by, reason=reason)]
            for person in done:
                self.log_change(request, person, f"{verb.capitalize()}d: {reason}")
        said = f"People {verb}d: {len(done)}."
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)
