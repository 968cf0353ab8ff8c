"""What Django answers: the landing page, signing in, the admin. MCP and the probes: ``asgi.py``."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from fleetmcp import pages
from fleetmcp.doctor import page as doctor

admin.site.site_header = f"{settings.MCP_SERVER_NAME}: access and audit"
admin.site.site_title = settings.MCP_SERVER_NAME
admin.site.index_title = "Administration"
# The admin's own login knows no second factor and counts no failures.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # documented

_admin_urls, _admin_app, _admin_name = admin.site.urls

handler400 = "fleetmcp.pages.bad_request"

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("", include("accounts.signing_in")),
    path("own/", include("accounts.own")),
    # One way to change a password: the one that is on record.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("", include("accounts.oauth.urls")),
    path("sso/", include("accounts.oauth.company_sign_in")),
    path("admin/", ([*doctor.urls(), *_admin_urls], _admin_app, _admin_name)),
]
