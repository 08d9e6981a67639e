"""Keys over REST: a gateway key's value is shown once, a provider key's never."""

import pytest

from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.secrets import digest
from tests.console.api.conftest import Program

SECRET = "sk-proj-0123456789abcdefghijklmnop"


def test_a_gateway_key_from_making_to_revoking(support: Tenant, admin: Program) -> None:
    terms = {"routers": ["support"], "tags": {"team": "search"}, "limits": {"requests_per_minute": 600}}
    made = admin.post("gateway-keys", {"name": "search-app", **terms})
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")
    secret, key = made.body["secret"], made.body["id"]
    with within(support):
        assert support.gateway_keys.get().digest == digest(secret)

    shown = admin.get(f"gateway-keys/{key}").body
    assert "secret" not in shown
    assert {name: shown[name] for name in terms} == terms
    assert admin.get("gateway-keys").body["results"] == [shown]
    edited = admin.patch(f"gateway-keys/{key}", {"limits": {}, "expires_at": "2199-01-01T00:00:00Z"}).body
    assert (edited["limits"], edited["tags"], edited["routers"]) == ({}, {"team": "search"}, ["support"])
    assert admin.patch(f"gateway-keys/{key}", {"routers": None}).body["routers"] is None

    replaced = admin.post(f"gateway-keys/{key}/replace").body
    assert replaced["secret"] not in {secret, None}
    assert admin.delete(f"gateway-keys/{key}").status == 204
    assert admin.get(f"gateway-keys/{key}").status == 404
    assert admin.delete(f"gateway-keys/{key}").status == 404
    assert secret not in str(admin.get("audit").body)


@pytest.mark.parametrize("secret", ["my-own-key-0123456789abcdef", {"value": "my-own-key-0123456789abcdef"}])
def test_a_value_of_ones_own_is_not_repeated(acme: Tenant, admin: Program, secret: object) -> None:
    made = admin.post("gateway-keys", {"name": "old", "secret": secret})
    assert (made.status, made.body["secret"]) == (201, None)
    assert admin.post("gateway-keys", {"name": "other", "secret": secret}).status == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a", "routers": ["nope"]}, "routers"),
        ({"name": "a", "tags": {"taem": "x"}}, "tags"),
        ({"name": "a", "limits": {"requests_per_minute": -1}}, "requests_per_minute"),
        ({"name": "a", "limits": {"per_second": 1}}, "limits"),
        ({"name": "a", "secret": "short"}, "__all__"),
        ({"name": "a", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "expires_at": "2001-01-01T00:00:00"}, "expires_at"),
        ({"name": "a", "id": "x"}, "id"),
        ({"name": "a", "tenant": "evil"}, "tenant"),
        ({"name": "a", "digest": "x"}, "digest"),
        ({"name": "a", "created_by": "x"}, "created_by"),
        ({"name": "a", "scopes": ["*"]}, "scopes"),
    ],
)
def test_what_is_no_gateway_key(acme: Tenant, admin: Program, body: object, field: str) -> None:
    answer = admin.post("gateway-keys", body)
    assert answer.status == 400
    assert list(answer.body) == (["detail", "code"] if field == "__all__" else [field])
    assert admin.get("gateway-keys").body["results"] == []


def test_a_provider_key_goes_in_and_never_comes_out(acme: Tenant, admin: Program) -> None:
    made = admin.post("provider-keys", {"name": "main", "provider": "openai", "secret": SECRET})
    assert (made.status, made.body["last4"]) == (201, SECRET[-4:])
    key = made.body["id"]
    answers = [
        made,
        admin.get("provider-keys"),
        admin.get(f"provider-keys/{key}"),
        admin.patch(f"provider-keys/{key}", {"secret": {"value": SECRET}}),
        admin.get("audit"),
        admin.get("config"),
        admin.post("provider-keys", {"name": "main", "provider": "openai", "secret": SECRET}),
    ]
    assert [answer.status for answer in answers] == [201, 200, 200, 200, 200, 200, 400]
    assert not [answer for answer in answers if SECRET[:-4] in str(answer.body) or "0123" in str(answer.body)]
    assert admin.delete(f"provider-keys/{key}").status == 204
    assert admin.get("provider-keys").body["results"] == []


def test_a_key_that_cannot_be_tried_says_so(acme: Tenant, admin: Program) -> None:
    made = admin.post(
        "provider-keys",
        {"name": "own", "provider": "local", "base_url": "https://127.0.0.1:1/v1"},
    )
    assert (made.status, list(made.body)) == (400, ["base_url"])
    with within(acme):
        key = acme.provider_keys.create(name="own", provider="openai", base_url="https://127.0.0.1:1/v1")
    tried = admin.post(f"provider-keys/{key.pk}/test")
    assert (tried.status, tried.body["working"], tried.body["key"]["state"]) == (200, False, "failing")
    assert "base URL cannot be used" in tried.body["reason"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a", "provider": "nobody", "secret": SECRET}, "provider"),
        ({"name": "a", "provider": "openai"}, "secret"),
        ({"name": "a", "provider": "openai", "secret": ""}, "secret"),
        ({"name": "a", "provider": "openai", "secret": "x" * 10_000}, "secret"),
        ({"name": "a", "provider": "openai", "secret": f"Bearer {SECRET}"}, "secret"),
        ({"name": "a", "provider": "openai", "secret": '{"a": "b"}'}, "secret"),
        ({"name": "a", "provider": "openai", "secret": {"env": "HOME"}}, "secret"),
        ({"name": "a", "provider": "openai", "secret": SECRET, "base_url": "http://10.0.0.1"}, "base_url"),
        ({"name": "a", "provider": "openai", "secret": SECRET, "last4": "0000"}, "last4"),
        ({"name": "a", "provider": "openai", "secret": SECRET, "id": "x"}, "id"),
    ],
)
def test_what_is_no_provider_key(acme: Tenant, admin: Program, body: object, field: str) -> None:
    answer = admin.post("provider-keys", body)
    assert (answer.status, list(answer.body)) == (400, [field])
    assert SECRET not in str(answer.body)
    assert admin.get("provider-keys").body["results"] == []


def test_a_secret_does_not_move_by_itself(acme: Tenant, admin: Program) -> None:
    key = admin.post("provider-keys", {"name": "main", "provider": "openai", "secret": SECRET}).body["id"]
    answer = admin.patch(f"provider-keys/{key}", {"base_url": "https://evil.example/v1"})
    assert (answer.status, answer.body) == (400, {"secret": ["This field is required."]})
