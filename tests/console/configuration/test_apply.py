"""The contract's example applies, exports, and applies again with no change; each mistake is named with its place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml
from django.utils import timezone

from console.audit.actor import Actor
from console.audit.models import AuditEntry
from console.catalogue import builtin
from console.configuration.apply import apply
from console.configuration.document import WrongDocument, parse, render
from console.configuration.export import document_of
from console.publishing.snapshot import snapshot_of
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.facts import ModelKind, Tier

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")
EXAMPLE = """
tenant: globex
name: Globex Inc
plan: pro
members:
  - {email: ada@globex.test, role: owner}
tags: [team, feature, env, customer_tier, agent, data, escalated]
provider_keys:
  - name: openai-main
    provider: openai
    secret: {value: sk-0123456789abcdef}
  - {name: claude, provider: anthropic, secret: {env: CLAUDE_KEY}}
  - {name: aws, provider: bedrock, secret: {value: '{"access_key_id": "A", "secret_access_key": "B", "region": "us-east-1"}'}}
gateway_keys:
  - name: search-app
    secret: {value: rw_0123456789abcdefghij}
    routers: [support]
    tags: {team: search}
    limits: {requests_per_minute: 600, tokens_per_minute: 200000}
  - {name: batch}
whitelist: [openai/*, anthropic/claude-haiku-4-5, local/*]
floors:
  - {name: regulated, when: {tag: {data: regulated}}, tier: premium}
models:
  - {id: local/llama-3.3-8b, provider_key: vllm, upstream_model: llama-3.3-8b, tier: local, context: 131072,
     can: [tools, json_schema], price: {input: 0.0001, output: 0.0001}}
budgets:
  - {name: search, scope: {key: search-app}, usd: 50, per: month, at_limit: block}
routers:
  - id: support
    policy:
      baseline: openai/gpt-5
      whitelist: [openai/gpt-5, openai/gpt-5-nano, anthropic/claude-haiku-4-5]
      rules:
        - {name: escalated, when: {tag: {escalated: "true"}}, tier: premium}
        - name: routine
          when: {all: [{class: [classification, extraction, rewriting]}, {input_tokens: {at_most: 2000}}]}
          tier: lightweight
          cascade:
            up_to: premium
            checks: [{not_refusal: true}, {json_valid: true}, {mean_logprob: {at_least: -0.5}}, {regex: "^(positive|negative)$"},
                     {judge: {model: openai/gpt-5-nano, at_least: 0.7}}]
        - {name: pinned, when: {requested_model: [openai/gpt-5]}, model: openai/gpt-5}
      otherwise: {tier: mid}
      unsure: {confidence_below: 0.5, tier: mid}
      floors: [{name: reasoning, when: {class: [reasoning]}, tier: mid}]
      classes:
        - {name: refund, examples: ["I want my money back", "please refund order 123"]}
      tests:
        - {name: regulated stays up, request: {text: "Tag this", tags: {data: regulated}}, expect: {tier: premium}}
"""
ENVIRON = {"CLAUDE_KEY": "sk-ant-0123456789abcdef"}


def applied(text: str = EXAMPLE, **options: Any) -> list[str]:
    return apply(parse(text), acting=SYSTEM, environ=ENVIRON, **options).changes


def exported() -> str:
    tenant = Tenant.objects.get(slug="globex")
    with within(tenant):
        return render(document_of(tenant))


def test_the_example_applies_and_again_changes_nothing() -> None:
    assert applied() == [
        "+ tenant globex",
        "~ tags team, feature, env, customer_tier, agent, data, escalated",
        "+ member ada@globex.test as owner",
        "+ provider key openai-main",
        "+ provider key claude",
        "+ provider key aws",
        "+ model local/llama-3.3-8b",
        "~ whitelist",
        "~ floors",
        "+ router support, version 1",
        "+ gateway key search-app",
        "+ gateway key batch",
        "+ budget search",
    ]
    assert applied() == []


def test_what_becomes_of_models_without_a_price_is_said_and_exported() -> None:
    applied()
    assert "unpriced_models: unknown" in exported()
    assert applied("tenant: globex\nunpriced_models: block\n") == ["~ unpriced models block"]
    assert "unpriced_models: block" in exported()
    assert applied(exported()) == []


def test_an_export_keeps_every_secret_and_applies_with_no_change() -> None:
    applied()
    text = exported()
    assert "sk-" not in text
    assert "rw_" not in text
    assert text.count("keep: true") == 5
    assert applied(text) == []
    assert exported() == text


def test_a_router_that_is_exported_is_the_contracts() -> None:
    applied()
    wanted = yaml.safe_load(EXAMPLE)["routers"]
    got = yaml.safe_load(exported())["routers"]
    policies = [msgspec.json.encode(each["policy"]) for each in (*wanted, *got)]
    from gateway.core.policy import Policy

    assert msgspec.json.decode(policies[0], type=Policy) == msgspec.json.decode(policies[1], type=Policy)


def test_what_was_applied_is_what_is_published() -> None:
    applied()
    tenant = Tenant.objects.get(slug="globex")
    with within(tenant):
        snapshot = snapshot_of(tenant, version=1, at=timezone.now())
    assert [key.name for key in snapshot.gateway_keys] == ["batch", "search-app"]
    assert (snapshot.budgets[0].nano, snapshot.budgets[0].scope.key) == (50 * 10**9, "search-app")
    assert snapshot.whitelist == ("openai/*", "anthropic/claude-haiku-4-5", "local/*")
    assert [router.id for router in snapshot.routers] == ["support"]


def test_a_generated_key_is_shown_once() -> None:
    made = apply(parse(EXAMPLE), acting=SYSTEM, environ=ENVIRON).made
    assert list(made) == ["batch"]
    assert made["batch"].startswith("rw_")
    assert apply(parse(EXAMPLE), acting=SYSTEM, environ=ENVIRON).made == {}


def test_a_dry_run_tells_and_changes_nothing() -> None:
    assert applied(dry_run=True)[0] == "+ tenant globex"
    assert not Tenant.objects.filter(slug="globex").exists()


def test_what_is_left_out_stays_unless_pruned() -> None:
    applied()
    shorter = "tenant: globex\nrouters: []\n"
    assert applied(shorter) == []
    assert applied(shorter, prune=True) == [
        "- gateway key batch",
        "- gateway key search-app",
        "- router support",
        "- model local/llama-3.3-8b",
        "- provider key aws",
        "- provider key claude",
        "- provider key openai-main",
        "- budget search",
    ]


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("plan: pro", "plan: gold", "$.plan", "Invalid enum value 'gold'"),
        ("plan: pro", "plann: pro", "$", "unknown field `plann`"),
        ("role: owner", "role: king", "$.members[0].role", "Invalid enum value 'king'"),
        ("ada@globex.test", "ada", "$.members[0].email", "valid email"),
        ("provider: openai\n", "provider: opena1\n", "$.provider_keys[0].provider", "no such provider"),
        ("{value: sk-0123456789abcdef}", "{keep: true}", "$.provider_keys[0].secret", "no secret to keep yet"),
        ("{value: sk-0123456789abcdef}", "{}", "$.provider_keys[0].secret", "exactly one of value, env and keep"),
        ("CLAUDE_KEY", "NO_KEY", "$.provider_keys[1].secret.env", "no variable NO_KEY"),
        ("routers: [support]", "routers: [nope]", "$.gateway_keys[0].routers[0]", "no router nope"),
        ("tags: {team: search}", "tags: {taem: search}", "$.gateway_keys[0].tags", "taem"),
        ("tags: {team: search}", "expires_at: '2099-01-01T00:00:00'", "$.gateway_keys[0].expires_at", "timezone"),
        ("requests_per_minute: 600", "requests_per_minute: -1", "$.gateway_keys[0]", "limit"),
        ("whitelist: [openai/*,", "whitelist: ['openai *',", "$.whitelist", "no pattern"),
        ("tier: local,", "tier: lokal,", "$.models[0].tier", "Invalid enum value 'lokal'"),
        ("price: {input: 0.0001,", "price: {input: x,", "$.models[0].price.input", "not an amount"),
        ("usd: 50", "usd: ten", "$.budgets[0].usd", "not an amount"),
        ("per: month", "per: year", "$.budgets[0].per", "none of day, week, month"),
        ("{key: search-app}", "{key: serach-app}", "$.budgets[0].scope.key", "no gateway key 'serach-app': take one of batch, search-app"),
        ("{key: search-app}", "{router: suport}", "$.budgets[0].scope.router", "no router 'suport': take one of support, or"),
        ("{key: search-app}", "{tag: {taem: ads}}", "$.budgets[0].scope.tag", "no attribution tag 'taem'"),
        ("{key: search-app}", "{purpose: checks}", "$.budgets[0].at_limit", "none of skip, climb, alert"),
        ("- id: support", "- id: Sup port", "$.routers[0].id", "Small letters"),
        ("baseline: openai/gpt-5\n", "baseline: openai/gpt-0\n", "$.routers[0].policy.baseline", "unknown model"),
        ("tier: lightweight", "tier: light", "$.routers[0].policy.rules[1].tier", "Invalid enum value 'light'"),
        ("model: openai/gpt-5}\n      otherwise", "tier: mid, model: openai/gpt-5}\n      otherwise",
         "$.routers[0].policy.rules[2]", "both a tier and a model"),
        ('"^(positive|negative)$"', '"(positive"', "$.routers[0].policy.rules[1].cascade.checks[3].regex", "usable pattern"),
        ("at_most: 2000", "at_mots: 2000", "$.routers[0].policy.rules[1].when.all[1].input_tokens", "at_mots"),
        ("expect: {tier: premium}", "expect: {tier: small}", "$.routers[0].policy.tests", "tier is premium, not small"),
        ('escalated: "true"', "escalated: true", "$.routers[0].policy.rules[0].when.tag", "got `bool`"),
        ("name: Globex Inc", "name: Globex Inc\nname: Twice", "line", "stands twice"),
        ("plan: pro", "plan: [pro", "line", "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_nothing_is_kept(
    old: str, new: str, place: str, message: str
) -> None:
    assert old in EXAMPLE
    with pytest.raises(WrongDocument) as wrong:
        applied(EXAMPLE.replace(old, new, 1))
    assert wrong.value.place.startswith(place)
    assert message in wrong.value.message
    assert not Tenant.objects.filter(slug="globex").exists()


def test_a_secret_never_moves_to_another_address_by_itself() -> None:
    applied()
    moved = "tenant: globex\nprovider_keys: [{name: openai-main, provider: openai, base_url: 'https://evil.example/v1'}]"
    with pytest.raises(WrongDocument, match="needs the secret again"):
        applied(moved)


def test_every_change_leaves_one_line_in_the_trail_and_no_secret() -> None:
    applied()
    with every_tenant():
        entries = list(AuditEntry.objects.filter(tenant__slug="globex"))
    verbs = sorted(entry.verb for entry in entries)
    assert verbs.count("provider_key.created") == 3
    assert verbs.count("router.published") == 1
    assert verbs.count("budget.created") == 1
    assert "sk-0123456789abcdef" not in repr([entry.changes for entry in entries])


def test_tier_and_kind_of_a_model_are_the_tenants_to_say() -> None:
    said = """tenant: globex
models:
  - {id: openai/gpt-5-nano, tier: small}
  - {id: local/bge-m3, tier: local, kind: embedding}
"""
    applied()
    assert applied(said) == ["+ model openai/gpt-5-nano", "+ model local/bge-m3"]
    assert applied(exported()) == []
    assert "kind: embedding" in exported()
    tenant = Tenant.objects.get(slug="globex")
    with within(tenant):
        snapshot = snapshot_of(tenant, version=1, at=timezone.now())
    models = {model.id: model for model in snapshot.models}
    assert models["openai/gpt-5-nano"].tier is Tier.SMALL
    assert models["openai/gpt-5-nano"].prices == builtin.models()["openai/gpt-5-nano"].prices
    assert models["local/bge-m3"].kind is ModelKind.EMBEDDING
