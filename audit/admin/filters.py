"""Which queries are wanted: the form of the query history, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.text import smart_split, unescape_string_literal

from accounts.admin.base import as_id
from accounts.models import AnalystToken, Role, Team, User
from audit import search
from audit.admin.hours import HOUR_CHOICES, WEEKDAY_CHOICES, at_these_hours
from audit.admin.known import is_told_unknown, objects_named, sees_everyone
from audit.admin.lists import choose
from audit.admin.periods import FIRST_DAY, LAST_DAY, PERIOD_CHOICES, bounds, moments
from audit.admin.words import TOOLS
from audit.models import Outcome, QueryLog, TouchedObject

_ANY = [("", "Any")]
# What the columns can hold.
_LARGEST = 2_147_483_647
_SUFFIXES = ("__exact", "__id", "_id")


class HistoryForm(forms.Form):
    """What one may ask of the history; each field may stay empty. People are the viewer's only."""

    q = forms.CharField(label="Text in the SQL", required=False, max_length=200)
    user = forms.ModelChoiceField(User.objects.none(), label="Person", required=False)
    team = forms.ModelChoiceField(Team.objects.none(), required=False)
    token = forms.ModelChoiceField(AnalystToken.objects.none(), required=False)
    tool = forms.ChoiceField(choices=_ANY + [(tool, tool) for tool in TOOLS], required=False)
    outcome = forms.ChoiceField(choices=_ANY + list(Outcome.choices), required=False)
    reason = forms.CharField(required=False, max_length=40)
    period = forms.ChoiceField(choices=_ANY + PERIOD_CHOICES, required=False)
    weekday = forms.ChoiceField(
        label="Day of the week", choices=_ANY + WEEKDAY_CHOICES, required=False
    )
    hours = forms.ChoiceField(
        label="Hour of the day, UTC", choices=_ANY + HOUR_CHOICES, required=False
    )
    object = forms.CharField(label="Object read", required=False, max_length=191)
    fingerprint = forms.CharField(label="Same statement", required=False, max_length=16)
    slow = forms.FloatField(
        label="Seconds, at least", required=False, min_value=0, max_value=_LARGEST // 1000
    )
    large = forms.IntegerField(
        label="Rows, at least", required=False, min_value=0, max_value=_LARGEST
    )

    def __init__(self, data: QueryDict, viewer: User) -> None:
        """Take the address' words; ``user__id__exact`` means ``user``, as elsewhere in admin."""
        super().__init__({_plain(key): data[key] for key in data}, auto_id="filter-%s")
        for name in ("from", "to"):
            self.fields[name] = forms.DateField(
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}),
                validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
            )
        self.people = User.objects.visible_to(viewer).order_by("username")
        choose(self.fields["user"], self.people)
        choose(self.fields["team"], teams_of(viewer))
        choose(self.fields["token"], self._tokens())
        self._say_how()

    def _tokens(self) -> QuerySet[AnalystToken]:
        """Return the chosen person's tokens, or the chosen token alone: a thousand help nobody."""
        user, token = (as_id(str(self.data.get(name, ""))) for name in ("user", "token"))
        if not (user or token):
            return AnalystToken.objects.none()
        mine = Q(user_id=user) | Q(pk=token)
        return AnalystToken.objects.filter(mine, user__in=self.people).order_by("-id")

    def _say_how(self) -> None:
        for name in ("object", "reason", "slow", "large"):
            self.fields[name].widget.attrs["list"] = f"known-{name}"
        self.fields["object"].widget.attrs["placeholder"] = "schema.table.column"
        self.fields["slow"].widget.attrs["step"] = "any"


@dataclass(frozen=True)
class Wanted:
    """The queries that are wanted, in parts that can be narrowed to ids one by one.

    ``rows`` has every condition but those on objects and text. ``above`` < id <= ``to`` holds for
    all that are wanted.
    """

    rows: QuerySet[QueryLog]
    objects: tuple[int, ...] | None = None
    terms: tuple[str, ...] = ()
    above: int = 0
    to: int | None = None
    problem: str = ""

    def everything(self) -> QuerySet[QueryLog]:
        """Return all that is wanted as one queryset, newest first, whatever it costs."""
        rows = self.rows.filter(search.contains(self.terms), pk__gt=self.above)
        if self.objects is not None:
            touched = TouchedObject.objects.filter(object__in=self.objects)
            rows = rows.filter(pk__in=touched.values("query"))
        return rows if self.to is None else rows.filter(pk__lte=self.to)

    def between(self, above: int, to: int) -> QuerySet[QueryLog]:
        """Return those of them with an id in (above, to], the text aside."""
        rows = self.rows.filter(pk__gt=above, pk__lte=to)
        if self.objects is None:
            return rows
        touched = TouchedObject.objects.filter(
            object__in=self.objects, query__gt=above, query__lte=to
        )
        return rows.filter(pk__in=touched.values("query"))


def history_of(viewer: User) -> QuerySet[QueryLog]:
    """Return the queries of the people whom the viewer may see."""
    rows = QueryLog.objects.order_by("-id")
    if sees_everyone(viewer):
        return rows
    # The ids themselves: no planner has to guess how many people a team is.
    people = User.objects.visible_to(viewer).order_by("pk").values_list("pk", flat=True)
    return rows.filter(user__in=list(people))


def teams_of(viewer: User) -> QuerySet[Team]:
    """Return the teams that the viewer may ask for: all, or those they lead."""
    if sees_everyone(viewer):
        return Team.objects.all()
    return Team.objects.filter(memberships__user=viewer, memberships__role=Role.LEAD)


def wanted(form: HistoryForm, viewer: User) -> Wanted:
    """Return what the form asks for; a form that is wrong asks for nothing, and says why."""
    rows = history_of(viewer)
    if not form.is_valid():
        return Wanted(rows.none(), problem=_problems(form))
    asked = form.cleaned_data
    terms = _terms(asked["q"])
    if terms and not any(len(term) >= search.LEAST for term in terms):
        return Wanted(rows.none(), problem=TOO_SHORT)
    objects = objects_named(asked["object"]) if asked["object"] else None
    unknown = objects is not None and is_told_unknown(asked["object"], objects, viewer)
    problem = NO_OBJECT if unknown else ""
    since, until = moments(asked)
    above, to = bounds(since, until)
    rows = at_these_hours(rows.filter(_conditions(asked, since, until)), asked)
    return Wanted(rows, objects, terms, above, to, problem)


TOO_SHORT = f"Search needs a word of at least {search.LEAST} characters."
NO_OBJECT = "No query has read an object of that name. Write schema.table or schema.table.column."


def _conditions(asked: dict[str, Any], since: datetime | None, until: datetime | None) -> Q:
    found = Q()
    for name in ("user", "token", "tool", "outcome", "reason", "fingerprint"):
        if asked[name]:
            found &= Q(**{name: asked[name]})
    if asked["team"]:
        members = asked["team"].people.order_by("pk").values_list("pk", flat=True)
        found &= Q(user__in=list(members))
    if asked["slow"] is not None:
        found &= Q(duration_ms__gte=round(asked["slow"] * 1000))
    if asked["large"] is not None:
        found &= Q(rows__gte=asked["large"])
    if since:
        found &= Q(started_at__gte=since)
    return found & Q(started_at__lt=until) if until else found


def _terms(text: str) -> tuple[str, ...]:
    """Return the words, as Django's own search reads them: in quotes, several are one."""
    words = []
    for word in smart_split(text.replace("\x00", " ")):
        quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
        words.append(unescape_string_literal(word) if quoted else word)
    return tuple(filter(None, words))


def _problems(form: forms.Form) -> str:
    """Return what is wrong as sentences; whom one may not see looks like one who is not there."""
    return " ".join(f"{form.fields[name].label or name.capitalize()}: {errors[0]}"
                    for name, errors in form.errors.items())  # fmt: skip


def _plain(key: str) -> str:
    for suffix in _SUFFIXES:
        key = key.removesuffix(suffix)
    return key
