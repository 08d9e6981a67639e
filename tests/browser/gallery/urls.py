from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.urls import include, path

from tests.browser.gallery import views

inside = [
    path("", views.page, {"name": "savings"}, name="overview"),
    path("savings/", views.page, {"name": "savings"}, name="savings"),
    path("overkill/", views.page, {"name": "empty"}, name="overkill"),
    path("spend/", views.page, {"name": "charts"}, name="spend"),
    path("requests/", views.page, {"name": "requests"}, name="requests"),
    path("requests/<str:id>/", views.page, {"name": "request"}, name="request"),
    path("routers/", views.page, {"name": "empty"}, name="routers"),
    path("routers/<slug:router>/", views.page, {"name": "router"}, name="router"),
    path("playground/", views.page, {"name": "components"}, name="playground"),
    path("models/", views.page, {"name": "components"}, name="models"),
    path("provider-keys/", views.page, {"name": "keys"}, name="provider_keys"),
    path("gateway-keys/", views.page, {"name": "keys"}, name="gateway_keys"),
    path("members/", views.page, {"name": "empty"}, name="members"),
    path("audit/", views.page, {"name": "components"}, name="audit"),
    path("settings/", views.page, {"name": "settings"}, name="settings"),
]


def fails(request: HttpRequest) -> HttpResponse:
    return HttpResponseServerError()


urlpatterns = [
    path("t/<slug:tenant>/", include(inside)),
    path("accounts/", include("allauth.urls")),
    path("error/<int:code>/", views.error),
    path("fails/", fails, name="fails"),
]
