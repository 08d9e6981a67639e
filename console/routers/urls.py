from django.urls import URLPattern, URLResolver, path

from console.routers import editor_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("routers/", views.routers, name="routers"),
    path("new-router/", views.router_new, name="router_new"),
    path("routers/<slug:slug>/", views.router, name="router"),
    path("routers/<slug:slug>/floors/", views.router_floors, name="router_floors"),
    path("routers/<slug:slug>/versions/", views.router_versions, name="router_versions"),
    path("routers/<slug:slug>/versions/<int:number>/", views.router_version, name="router_version"),
    path("routers/<slug:slug>/versions/<int:number>/restore/", views.router_restore, name="router_restore"),
    path("routers/<slug:slug>/publish/", views.router_publish, name="router_publish"),
    path("routers/<slug:slug>/switch/", views.router_switch, name="router_switch"),
    path("routers/<slug:slug>/delete/", views.router_delete, name="router_delete"),
    path("routers/<slug:slug>/rules/<int:place>/", editor_views.router_rule, name="router_rule"),
    path("routers/<slug:slug>/otherwise/", editor_views.router_otherwise, name="router_otherwise"),
    path("routers/<slug:slug>/basics/", editor_views.router_basics, name="router_basics"),
    path("routers/<slug:slug>/floors/<int:place>/", editor_views.router_floor, name="router_floor"),
    path("routers/<slug:slug>/tests/<int:place>/", editor_views.router_test, name="router_test"),
    path("routers/<slug:slug>/arrange/", editor_views.router_arrange, name="router_arrange"),
    path("routers/<slug:slug>/yaml/", editor_views.router_yaml, name="router_yaml"),
    path("routers/<slug:slug>/check/", editor_views.router_check, name="router_check"),
]
