"""People, and the teams that say who handles whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AbstractUser, Permission, UserManager
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models.policies import AccessPolicy
from accounts.validators import validate_line

if TYPE_CHECKING:
    from typing import Self

SEE_EVERYONE = "accounts.see_everyone"
USE_MCP = "use_mcp"


class PersonQuerySet(models.QuerySet["User"]):
    """Questions about people in the words of those who ask them."""

    def visible_to(self, viewer: User) -> Self:
        """Return whom the viewer may see: everyone for superusers and auditors, else the team."""
        if viewer.is_superuser or viewer.has_perm(SEE_EVERYONE):
            return self
        return self.filter(_is_led_by(viewer) | Q(pk=viewer.pk))

    def handled_by(self, lead: User) -> Self:
        """Return whom the lead may handle: superusers all, leads the plain people of their teams.

        Not other leads, auditors or superusers: who handles them could become them.
        """
        if lead.is_superuser:
            return self
        return self.filter(_is_led_by(lead), is_superuser=False, is_staff=False)


def may_use_mcp(user_id: str = "pk") -> Q:
    """Return the condition that the person of that id holds the permission to use MCP.

    Superusers too must hold it themselves or by a group: power over the server is no wish to read.
    """
    mcp = Permission.objects.filter(codename=USE_MCP, content_type__app_label="accounts")
    by_group, directly = (
        mcp.filter(group__user=OuterRef(user_id)),
        mcp.filter(user=OuterRef(user_id)),
    )
    return Q(Exists(by_group)) | Q(Exists(directly))


def _is_led_by(lead: User) -> Q:
    led = Membership.objects.filter(user=lead, role=Role.LEAD).values("team")
    return Q(Exists(Membership.objects.filter(user=OuterRef("pk"), team__in=led)))


class PersonManager(UserManager["User"]):
    """Django's manager of users, with our questions."""

    def get_queryset(self) -> PersonQuerySet:
        """Return everyone."""
        return PersonQuerySet(self.model, using=self._db)

    def visible_to(self, viewer: User) -> PersonQuerySet:
        """Return whom the viewer may see."""
        return self.get_queryset().visible_to(viewer)

    def handled_by(self, lead: User) -> PersonQuerySet:
        """Return whom the lead may handle."""
        return self.get_queryset().handled_by(lead)


class User(AbstractUser):
    """A person. Analysts need no password; people who leave are deactivated, never deleted."""

    policy = models.ForeignKey(
        AccessPolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name="access policy",
        help_text="Empty: the default policy.",
    )

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta(AbstractUser.Meta):
        verbose_name, verbose_name_plural = "person", "people"
        permissions = [
            ("see_everyone", "Can see people of all teams"),
            (USE_MCP, "Can ask questions through MCP"),
        ]


class Role(models.TextChoices):
    """What a person is in a team."""

    MEMBER = "member"
    LEAD = "lead"


class Team(models.Model):
    """People whom the same leads handle."""

    name = models.CharField(max_length=100, unique=True, validators=[validate_line])
    people = models.ManyToManyField(User, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a team; leads see and handle the plain people of theirs."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        default_permissions = ()
        ordering = ["team", "user"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} ({self.role})"
