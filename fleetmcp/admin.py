"""Changes to other packages' admin pages, which would show too much or can't be used by all."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.forms import CheckboxSelectMultiple

from accounts.admin.base import OwnFilters

# The first knows nothing that we use; the others show keys of second factors and of the company's
# sign-in, or change what only signing in may change.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, Group):
    admin.site.unregister(model)


@admin.register(Group)
class GroupPages(OwnFilters, GroupAdmin):
    """Groups, with boxes to tick: Django's two lists have parts that screen readers can't name."""

    filter_horizontal = ()

    def formfield_for_manytomany(self, *args: Any, **kwargs: Any) -> Any:
        """Return the field of the permissions, drawn as boxes."""
        return super().formfield_for_manytomany(
            *args, **{**kwargs, "widget": CheckboxSelectMultiple}
        )
