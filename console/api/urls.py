"""The table of contents of /api/v1/."""

from django.urls import path

from console.api import (
    audit,
    budgets,
    config,
    explain,
    floors,
    gateway_keys,
    members,
    models,
    openapi,
    overkill,
    policies,
    provider_keys,
    requests,
    routers,
    savings,
    usage,
    whitelist,
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
    path("gateway-keys", gateway_keys.GatewayKeys.as_view(), name="api_gateway_keys"),
    path("gateway-keys/<uuid:key>", gateway_keys.OneGatewayKey.as_view(), name="api_gateway_key"),
    path(
        "gateway-keys/<uuid:key>/replace",
        gateway_keys.ReplaceGatewayKey.as_view(),
        name="api_gateway_key_replace",
    ),
    path("provider-keys", provider_keys.ProviderKeys.as_view(), name="api_provider_keys"),
    path("provider-keys/<uuid:key>", provider_keys.OneProviderKey.as_view(), name="api_provider_key"),
    path(
        "provider-keys/<uuid:key>/test",
        provider_keys.TestProviderKey.as_view(),
        name="api_provider_key_test",
    ),
    path("whitelist", whitelist.TenantWhitelist.as_view(), name="api_whitelist"),
    path("floors", floors.TenantFloors.as_view(), name="api_floors"),
    path("models", models.Models.as_view(), name="api_models"),
    path("models/<path:model>", models.OneModel.as_view(), name="api_model"),
    path("budgets", budgets.Budgets.as_view(), name="api_budgets"),
    path("budgets/<path:name>", budgets.OneBudget.as_view(), name="api_budget"),
    path("members", members.Members.as_view(), name="api_members"),
    path("members/<uuid:member>", members.OneMember.as_view(), name="api_member"),
    path("requests", requests.Requests.as_view(), name="api_requests"),
    path("requests/<str:request_id>", requests.OneRequest.as_view(), name="api_request"),
    path("usage", usage.UsageOf.as_view(), name="api_usage"),
    path("savings", savings.Savings.as_view(), name="api_savings"),
    path("overkill", overkill.OverkillOf.as_view(), name="api_overkill"),
    path("audit", audit.Audit.as_view(), name="api_audit"),
    path("config", config.Config.as_view(), name="api_config"),
    path("", openapi.Nothing.as_view(), name="api_nothing"),
    path("<path:rest>", openapi.Nothing.as_view(), name="api_nothing"),
]
