"""What Django answers: the landing page and the admin. MCP and the probes are in ``asgi.py``."""

from django.conf import settings
from django.contrib import admin
from django.urls import path
from django.views.generic import TemplateView

from fleetmcp.doctor import page as doctor

admin.site.site_header = f"{settings.MCP_SERVER_NAME}: access and audit"
admin.site.site_title = settings.MCP_SERVER_NAME
admin.site.index_title = "Administration"

_admin_urls, _admin_app, _admin_name = admin.site.urls

urlpatterns = [
    path(
        "",
        TemplateView.as_view(
            template_name="landing.html",
            extra_context={"name": settings.MCP_SERVER_NAME, "url": settings.PUBLIC_URL},
        ),
        name="landing",
    ),
    path("admin/", ([*doctor.urls(), *_admin_urls], _admin_app, _admin_name)),
]
