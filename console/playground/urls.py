from django.urls import URLPattern, URLResolver, path

from console.playground import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("playground/", views.playground, name="playground"),
]
