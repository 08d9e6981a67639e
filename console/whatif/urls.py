from django.urls import URLPattern, URLResolver, path

from console.whatif import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("routers/<slug:slug>/what-if/", views.router_what_if, name="router_what_if"),
    path("routers/<slug:slug>/what-if/<uuid:run>/", views.router_what_if_run, name="router_what_if_run"),
]
