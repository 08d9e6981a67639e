from django.urls import URLPattern, URLResolver, path

from console.reports.pages.overkill import overkill_page
from console.reports.pages.overview import overview
from console.reports.pages.requests import request_page, requests
from console.reports.pages.savings import savings_page
from console.reports.pages.spend import spend_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview, name="overview"),
    path("spend/", spend_page, name="spend"),
    path("savings/", savings_page, name="savings"),
    path("overkill/", overkill_page, name="overkill"),
    path("requests/", requests, name="requests"),
    path("requests/<str:request_id>/", request_page, name="request"),
]
