"""The table of contents of /api/v1/."""

from django.urls import path

from console.api import (
    config,
    explain,
    openapi,
    overkill,
    policies,
    requests,
    routers,
    savings,
    usage,
)

urlpatterns = [
    path("openapi.json", openapi.OpenApi.as_view(), name="api_openapi"),
    path("routers", routers.Routers.as_view(), name="api_routers"),
    path("routers/<str:router>", routers.OneRouter.as_view(), name="api_router"),
    path("routers/<str:router>/policy", policies.RouterPolicy.as_view(), name="api_policy"),
    path("routers/<str:router>/publish", policies.Publish.as_view(), name="api_publish"),
    path("routers/<str:router>/versions", policies.Versions.as_view(), name="api_versions"),
    path("routers/<str:router>/versions/<int:number>", policies.OneVersion.as_view(), name="api_version"),
    path(
        "routers/<str:router>/versions/<int:number>/restore", policies.Restore.as_view(), name="api_restore"
    ),
    path("routers/<str:router>/explain", explain.Explain.as_view(), name="api_explain"),
    path("requests", requests.Requests.as_view(), name="api_requests"),
    path("requests/<str:request_id>", requests.OneRequest.as_view(), name="api_request"),
    path("usage", usage.UsageOf.as_view(), name="api_usage"),
    path("savings", savings.Savings.as_view(), name="api_savings"),
    path("overkill", overkill.OverkillOf.as_view(), name="api_overkill"),
    path("config", config.Config.as_view(), name="api_config"),
    path("<path:rest>", openapi.Nothing.as_view(), name="api_nothing"),
]
