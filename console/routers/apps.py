from django.apps import AppConfig


class RoutersConfig(AppConfig):
    name = "console.routers"
    label = "routers"
