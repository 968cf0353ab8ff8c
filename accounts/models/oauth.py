"""The authorization server's own tables: django-oauth-toolkit's, with what it can't say.

An application can be switched off, and each grant and token belongs to a Connection. The toolkit
lets a project choose these models once, before its first migration.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
    ApplicationManager,
)

from accounts.models.people import User
from accounts.oauth.names import printable
from accounts.oauth.redirects import why_bad_redirect


class Application(AbstractApplication):
    """A client program that asked to connect: registered by itself, or known by its document."""

    created_ip = models.GenericIPAddressField(null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="applications_disabled"
    )

    objects = ApplicationManager()

    class Meta(AbstractApplication.Meta):
        ordering = ["-created"]
        default_permissions = ("view",)
        permissions = [("disable_application", "Can switch applications on and off")]

    def clean(self) -> None:
        """Tidy the name; raise ValidationError for what we don't serve: other hosts and flows."""
        self.name = printable(self.name)
        super().clean()
        bad = [why for uri in self.redirect_uris.split() if (why := why_bad_redirect(uri))]
        if bad:
            raise ValidationError({"redirect_uris": bad})
        if self.authorization_grant_type != self.GRANT_AUTHORIZATION_CODE:
            raise ValidationError(
                {"authorization_grant_type": "Only authorization_code is served."}
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it; a client that can keep no secret has none, so that nobody has to hash it."""
        if self.client_type == self.CLIENT_PUBLIC:
            self.client_secret, self.hash_client_secret = "", False
        super().save(*args, **kwargs)

    def is_usable(self, request: Any) -> bool:
        """Return False once somebody switched it off."""
        return self.disabled_at is None

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Return True for a registered address that may still be registered today."""
        return not why_bad_redirect(uri) and bool(super().redirect_uri_allowed(uri))

    def natural_key(self) -> tuple[str]:
        """Return the client id."""
        return (self.client_id,)


def _of_a_connection() -> models.ForeignKey[Any, Any]:
    return models.ForeignKey("accounts.Connection", models.PROTECT, null=True, related_name="+")


class Grant(AbstractGrant):
    """A consent that the client has a minute to pick up."""

    connection = _of_a_connection()

    class Meta(AbstractGrant.Meta):
        default_permissions = ()


class AccessToken(AbstractAccessToken):
    """A token of an hour or so. Without a connection it opens nothing."""

    connection = _of_a_connection()

    class Meta(AbstractAccessToken.Meta):
        default_permissions = ()


class RefreshToken(AbstractRefreshToken):
    """What a client trades for the next access token, once."""

    connection = _of_a_connection()

    class Meta(AbstractRefreshToken.Meta):
        default_permissions = ()


class IDToken(AbstractIDToken):
    """Not used: it stands here because the others' tables point at it."""

    class Meta(AbstractIDToken.Meta):
        default_permissions = ()
