from django.urls import URLPattern, URLResolver, path

from console.invoices import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("provider-invoices/", views.provider_invoices, name="provider_invoices"),
    path(
        "provider-invoices/<uuid:invoice>/",
        views.provider_invoice,
        name="provider_invoice",
    ),
    path(
        "provider-invoices/<uuid:invoice>/remove/",
        views.provider_invoice_remove,
        name="provider_invoice_remove",
    ),
]
