from django.apps import AppConfig


class InterfaceConfig(AppConfig):
    name = "console.interface"
    label = "interface"
