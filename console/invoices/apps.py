from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "console.invoices"
    label = "invoices"
