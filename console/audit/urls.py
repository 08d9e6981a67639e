from django.urls import URLPattern, URLResolver, path

from console.audit import views

urlpatterns: list[URLPattern | URLResolver] = [path("audit/", views.audit, name="audit")]
