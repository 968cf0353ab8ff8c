"""Lists with one form of filters above them, in place of the admin's links beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.db.models.options import Options
from django.forms import BoundField, Field, Form, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.functional import cached_property
from django.utils.text import capfirst

from accounts.models import User

if TYPE_CHECKING:
    pass

COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Counts no further than COUNTED: to count a million rows takes longer than to show them."""

    @cached_property
    def count(self) -> int:
        """Return how many there are, or COUNTED."""
        rows = self.object_list
        return rows.order_by()[:COUNTED].count() if isinstance(rows, QuerySet) else len(rows)


class FormList(ChangeList):
    """A list that a form narrows. It knows the form's words and no other lookup."""

    form: Form
    first_fields: tuple[str, ...] = ()

    def fields_shown(self) -> list[BoundField]:
        """Return the fields that are always there."""
        return [field for field in self.form if field.name in self.first_fields]

    def fields_folded(self) -> list[BoundField]:
        """Return the fields that open with a click."""
        return [field for field in self.form if field.name not in self.first_fields]

    def is_unfolded(self) -> bool:
        """Say whether one of the folded fields is in use."""
        return any(field.data or field.errors for field in self.fields_folded())

    def make_form(self, data: QueryDict, viewer: User) -> Form:
        """Return the form for these words."""
        raise NotImplementedError

    def narrowed(self, viewer: User) -> QuerySet[Any]:
        """Return the rows that ``self.form`` asks for."""
        raise NotImplementedError

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        """Return the rows; also set what the admin's templates ask of a list's filters."""
        viewer = viewer_of(request)
        self.form = self.make_form(request.GET, viewer)
        self.filter_specs: list[Any] = []
        self.has_filters = True
        self.has_active_filters = any(self.form.data.get(name) for name in self.form.fields)
        self.clear_all_filters_qs = "?"
        return self.narrowed(viewer)

    @property
    def counted(self) -> str:
        """How many there are, as far as that was counted."""
        more = "more than " if self.result_count >= COUNTED else ""
        return f"{more}{self.result_count:,} {self.opts.verbose_name_plural}"

    def page_links(self) -> list[tuple[int, str]]:
        """Return the numbers and addresses of the pages near this one."""
        last = max(1, -(-self.result_count // self.list_per_page))
        near = range(max(1, self.page_num - 4), min(last, self.page_num + 4) + 1)
        numbers = sorted({1, last, *near}) if last > 1 else []
        return [(number, self.get_query_string({"p": number})) for number in numbers]


def choose(field: Field, rows: QuerySet[Any]) -> None:
    """Give a field of the form, a choice of rows, those to choose from."""
    choice = cast("ModelChoiceField[Any]", field)
    choice.queryset, choice.empty_label = rows, "Any"


def viewer_of(request: HttpRequest) -> User:
    """Return who looks; the admin lets nobody else this far."""
    return cast("User", request.user)


class ReadOnly:
    """For admins: everybody reads who may, and nobody writes, superusers included."""

    show_full_result_count = False
    sortable_by: Any = ()
    list_max_show_all = 0
    actions: Any = None
    opts: Options[Any]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list under its own name; there is nothing to select."""
        named = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        return super().changelist_view(request, named)  # type: ignore[misc,no-any-return]  # a mixin

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Return the row's page under its number: its text may hold what must be made visible."""
        title = f"{capfirst(self.opts.verbose_name)} {object_id}"
        named = {"title": title, "subtitle": None, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, named)  # type: ignore[misc,no-any-return]  # a mixin

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The admin's own history knows nothing of rows that it did not write."""
        raise Http404

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False
