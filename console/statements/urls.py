from django.urls import URLPattern, URLResolver, path

from console.statements import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("statements/", views.statements, name="statements"),
    path("statements/<int:year>-<int:month>/", views.statement, name="statement"),
    path("statements/<int:year>-<int:month>/close/", views.statement_close, name="statement_close"),
]
