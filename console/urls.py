"""The table of contents: accounts, the REST interface, and the slices under their tenant."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from console.keys.selectors import undecryptable
from console.tenants.urls import accounts, entrance


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Not ready with keys that nobody can open: a lost master key must show before customers notice it."""
    lost = [f"{key.tenant}: {key.key}: {key.reason}\n" for key in undecryptable()]
    told = "".join([f"undecryptable_secrets {len(lost)}\n", *lost])
    return HttpResponse(told, content_type="text/plain", status=503 if lost else 200)


in_tenant = [
    path("", include("console.reports.urls")),
    path("", include("console.whatif.urls")),
    path("", include("console.statements.urls")),
    path("", include("console.invoices.urls")),
    path("", include("console.alerts.urls")),
    path("", include("console.budgets.urls")),
    path("", include("console.routers.urls")),
    path("", include("console.playground.urls")),
    path("", include("console.catalogue.urls")),
    path("", include("console.keys.urls")),
    path("", include("console.tenants.urls")),
    path("", include("console.audit.urls")),
]

handler500 = "console.api.errors.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/", include(accounts)),
    path("api/v1/", include("console.api.urls")),
    path("t/<slug:tenant>/", include(in_tenant)),
    path("", include(entrance)),
]
