"""The table of contents: accounts, the REST interface, and the slices under their tenant."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from console.tenants.urls import accounts, entrance


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


in_tenant = [
    path("", include("console.reports.urls")),
    path("", include("console.routers.urls")),
    path("", include("console.playground.urls")),
    path("", include("console.catalogue.urls")),
    path("", include("console.keys.urls")),
    path("", include("console.tenants.urls")),
    path("", include("console.audit.urls")),
]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include(accounts)),
    path("api/v1/", include("console.api.urls")),
    path("t/<slug:tenant>/", include(in_tenant)),
    path("", include(entrance)),
]
