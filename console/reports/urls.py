from django.urls import URLPattern, URLResolver, path

from console.reports.pages.dead_letters import dead_letter_discard, dead_letter_retry, dead_letters
from console.reports.pages.exports import spend_export
from console.reports.pages.overkill import overkill, overkill_rule
from console.reports.pages.overview import overview
from console.reports.pages.requests import request, requests
from console.reports.pages.savings import savings
from console.reports.pages.spend import spend
from console.reports.pages.underkill import underkill, underkill_rule

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview, name="overview"),
    path("spend/", spend, name="spend"),
    path("spend/export/<str:form>/", spend_export, name="spend_export"),
    path("savings/", savings, name="savings"),
    path("overkill/", overkill, name="overkill"),
    path("overkill/rule/", overkill_rule, name="overkill_rule"),
    path("underkill/", underkill, name="underkill"),
    path("underkill/rule/", underkill_rule, name="underkill_rule"),
    path("requests/", requests, name="requests"),
    path("requests/<str:request_id>/", request, name="request"),
    path("unread-events/", dead_letters, name="dead_letters"),
    path("unread-events/<uuid:letter>/retry/", dead_letter_retry, name="dead_letter_retry"),
    path("unread-events/<uuid:letter>/discard/", dead_letter_discard, name="dead_letter_discard"),
]
