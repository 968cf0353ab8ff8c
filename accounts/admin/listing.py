"""What the lists say beside the models' own fields, at a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.base import as_id, who
from accounts.models import AnalystToken, User, may_use_mcp
from accounts.standing import Standing, standing_condition
from accounts.teams import visible_teams
from accounts.two_factor import has_second_factor

RECENT = timedelta(days=30)

if TYPE_CHECKING:
    _Any = QuerySet[Any]


def with_tokens(people: QuerySet[User]) -> QuerySet[User]:
    """Add to each person the number of their working tokens, the last use, and may they ask."""
    theirs = AnalystToken.objects.filter(user=OuterRef("pk")).order_by().values("user")
    active = theirs.filter(standing_condition(Standing.ACTIVE, timezone.now()))
    return people.annotate(
        active_tokens=Coalesce(Subquery(active.annotate(n=Count("pk")).values("n")), 0),
        last_use=Subquery(theirs.annotate(last=Max("last_used_at")).values("last")),
        analyst=may_use_mcp(),
        has_second_factor=has_second_factor(),
    ).prefetch_related("memberships__team")


def queries_since(tokens: Iterable[AnalystToken], since: datetime) -> dict[int, int]:
    """Return token id -> queries since then, in two queries however many tokens there are.

    Rows are written in the order of time, so the first id since then stands for the moment: both
    questions are then answered from an index alone.
    """
    # The record is above this app in the direction of imports.
    record = cast(Any, AnalystToken._meta.get_field("queries").related_model)
    first = record.objects.filter(started_at__gte=since).order_by("started_at").values("pk")[:1]
    rows = list(first)
    if not rows:
        return {}
    of_these = record.objects.filter(token__in=[t.pk for t in tokens], pk__gte=rows[0]["pk"])
    counted = of_these.order_by().values("token").annotate(n=Count("pk"))
    return dict(counted.values_list("token", "n"))


class TokenList(ChangeList):
    """A page of tokens that knows what was asked with each."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then count for its rows alone."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        counted = queries_since(self.result_list, timezone.now() - RECENT)
        for token in self.result_list:
            token.recent_queries = counted.get(token.pk, 0)


class TeamFilter(admin.SimpleListFilter):
    """Narrows people to one team; offers the teams that the viewer may see."""

    title = "team"
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the teams."""
        return [(str(team.pk), team.name) for team in visible_teams(who(request))]

    def queryset(self, request: HttpRequest, queryset: _Any) -> _Any:
        """Return the people of the chosen team; what is no number narrows nothing."""
        team = as_id(self.value() or "")
        if not team:
            return queryset
        return queryset.filter(Q(teams__in=visible_teams(who(request)).filter(pk=team)))


class SecondFactorFilter(admin.SimpleListFilter):
    """Narrows people to the staff who have set their second factor up, or have not."""

    title = "second factor (staff)"
    parameter_name = "second_factor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return both."""
        return [("missing", "Not set up"), ("set_up", "Set up")]

    def queryset(self, request: HttpRequest, queryset: _Any) -> _Any:
        """Return the staff of the chosen kind; another word narrows nothing."""
        known = {"missing": False, "set_up": True}
        if self.value() not in known:
            return queryset
        return queryset.filter(is_staff=True, has_second_factor=known[self.value() or ""])


class StatusFilter(admin.SimpleListFilter):
    """Narrows the list to the tokens of which one thing is true."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the closed vocabulary."""
        return Standing.choices

    def queryset(self, request: HttpRequest, queryset: _Any) -> _Any:
        """Return the tokens of the chosen status; an unknown one narrows nothing."""
        for standing in Standing:
            if standing == self.value():
                return queryset.filter(standing_condition(standing, timezone.now()))
        return queryset
