from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "console.catalogue"
    label = "catalogue"
