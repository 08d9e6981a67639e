"""`urlpatterns` lie inside one tenant, under /t/<slug>/; `entrance` is what comes before one is chosen."""

from django.urls import URLPattern, URLResolver

entrance: list[URLPattern | URLResolver] = []

urlpatterns: list[URLPattern | URLResolver] = []
