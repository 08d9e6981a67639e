from django.urls import URLPattern, URLResolver, path

from console.reports.pages.overkill import overkill
from console.reports.pages.overview import overview
from console.reports.pages.requests import request, requests
from console.reports.pages.savings import savings
from console.reports.pages.spend import spend

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview, name="overview"),
    path("spend/", spend, name="spend"),
    path("savings/", savings, name="savings"),
    path("overkill/", overkill, name="overkill"),
    path("requests/", requests, name="requests"),
    path("requests/<str:request_id>/", request, name="request"),
]
