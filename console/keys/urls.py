from django.urls import URLPattern, URLResolver, path

from console.keys.views import admin_tokens, gateway_keys, provider_keys

urlpatterns: list[URLPattern | URLResolver] = [
    path("provider-keys/", provider_keys.provider_keys, name="provider_keys"),
    path("provider-keys/new/", provider_keys.provider_key_new, name="provider_key_new"),
    path(
        "provider-keys/<uuid:key>/replace/", provider_keys.provider_key_replace, name="provider_key_replace"
    ),
    path("provider-keys/<uuid:key>/test/", provider_keys.provider_key_test, name="provider_key_test"),
    path("provider-keys/<uuid:key>/delete/", provider_keys.provider_key_delete, name="provider_key_delete"),
    path("gateway-keys/", gateway_keys.gateway_keys, name="gateway_keys"),
    path("gateway-keys/new/", gateway_keys.gateway_key_new, name="gateway_key_new"),
    path("gateway-keys/<uuid:key>/", gateway_keys.gateway_key, name="gateway_key"),
    path("gateway-keys/<uuid:key>/replace/", gateway_keys.gateway_key_replace, name="gateway_key_replace"),
    path("gateway-keys/<uuid:key>/revoke/", gateway_keys.gateway_key_revoke, name="gateway_key_revoke"),
    path("admin-tokens/", admin_tokens.admin_tokens, name="admin_tokens"),
    path("admin-tokens/new/", admin_tokens.admin_token_new, name="admin_token_new"),
    path("admin-tokens/<uuid:token>/revoke/", admin_tokens.admin_token_revoke, name="admin_token_revoke"),
]
