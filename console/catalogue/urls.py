from django.urls import URLPattern, URLResolver, path

from console.catalogue import price_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("models/", views.models, name="models"),
    path("models/whitelist/", views.models_whitelist, name="models_whitelist"),
    path("models/preview/", views.models_preview, name="models_preview"),
    path("models/floor/", views.models_floor, name="models_floor"),
    path("models/floor/remove/", views.models_floor_remove, name="models_floor_remove"),
    path("prices/", price_views.prices, name="prices"),
    path("prices/decide/", price_views.prices_decide, name="prices_decide"),
    path("prices/sheet/", price_views.prices_sheet, name="prices_sheet"),
    path("prices/upload/", price_views.prices_upload, name="prices_upload"),
    path("new-model/", views.model_new, name="model_new"),
    path("model/<path:model_id>/save/", views.model_save, name="model_save"),
    path("model/<path:model_id>/remove/", views.model_remove, name="model_remove"),
    path("model/<path:model_id>/", views.model, name="model"),
]
