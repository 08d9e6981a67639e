from django.urls import URLPattern, URLResolver, path

from console.alerts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/settings/", views.alert_settings, name="alert_settings"),
    path("alerts/channel/", views.alert_channel_new, name="alert_channel_new"),
    path("alerts/test/", views.alert_test, name="alert_test"),
    path("alerts/channel/<uuid:channel>/remove/", views.alert_channel_remove, name="alert_channel_remove"),
]
