from django.apps import AppConfig


class StatementsConfig(AppConfig):
    name = "console.statements"
    label = "statements"
