"""What the pages share: who asks, 404 for what they may not see, and plain pages."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString

from accounts.html import moment
from accounts.models import User

_LONGEST_ID = 19

M = TypeVar("M", bound=Model)


def who(request: HttpRequest) -> User:
    """Return the person at the browser; the admin lets in only people who are signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def handled(request: HttpRequest) -> QuerySet[User]:
    """Return those whom the person at the browser handles."""
    return User.objects.handled_by(who(request))


def or_404(found: M | None) -> M:
    """Return it, or answer as if it weren't there: who may not see it learns nothing of it."""
    if found is None:
        raise Http404("There is no such page, or it is another team's.")
    return found


def as_id(text: str) -> int:
    """Return the id that an address names; 0, which nothing has, for what can be none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_ID else 0


def one_of(queryset: QuerySet[M], pk: object) -> M:
    """Return the one of these with that id, or raise Http404."""
    return or_404(queryset.filter(pk=pk).first())


def said(value: Any) -> Any:
    """Return a form's value in words that JSON can hold."""
    if value is None or isinstance(value, str | bool | int):
        return value
    return ", ".join(sorted(map(str, value))) if hasattr(value, "__iter__") else str(value)


def when(field: str, empty: str = "-") -> Any:
    """Return the column of a moment, which a browser shows in the viewer's zone.

    It is a callable, which Django takes among fields too; its stubs know only names there.
    """

    @admin.display(description=field.replace("_", " "), ordering=field)
    def shown(obj: Any) -> SafeString:
        return moment(getattr(obj, field), empty)

    shown.__name__ = field
    return shown


class OwnFilters:
    """For admins: a list is narrowed by the words that it offers, and by no other column.

    Whoever may write any lookup asks about rows that they may not see.
    """

    words: frozenset[str] = frozenset()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return True for the list's own words."""
        return lookup in self.words


def page(
    model_admin: Any, request: HttpRequest, name: str, title: str, **context: object
) -> HttpResponse:
    """Return the page of that name among the model's templates, in the admin's frame."""
    opts = model_admin.opts
    site = {**model_admin.admin_site.each_context(request), "opts": opts, "title": title}
    return render(request, f"admin/accounts/{opts.model_name}/{name}.html", {**site, **context})
