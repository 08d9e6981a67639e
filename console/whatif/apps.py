from django.apps import AppConfig


class WhatifConfig(AppConfig):
    name = "console.whatif"
    label = "whatif"
