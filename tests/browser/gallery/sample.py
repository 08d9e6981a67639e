"""Believable figures of a company with four routers; the same on every call."""

import math
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

from console.interface.charts import Chart, Mark, Series

FIRST = date(2026, 9, 14)
DAYS = tuple(str(FIRST + timedelta(days=day)) for day in range(42))
TIERS = ("premium", "mid", "lightweight", "small", "local")
USD = 1_000_000_000


def everything() -> dict[str, Any]:
    return {
        "cost": cost(),
        "tiers": tiers(),
        "bridge": bridge(),
        "donut": by_model(),
        "classes": by_class(),
        "latency": latency(),
        "bars": requests_by_day(),
        "nothing": Chart("line", "Cache hits per day", "count", DAYS[:2], (Series("Hits", (0, 0)),)),
        "spark": [math.sin(day / 3) * 4 + day / 4 for day in range(30)],
        "rows": rows(),
        "candidates": candidates(),
        "facts": facts(),
        "share": [
            ("Premium", 31, "premium"),
            ("Mid", 22, "mid"),
            ("Lightweight", 38, "lightweight", "/"),
            ("Local", 9, "local"),
        ],
        "policy": POLICY,
        "policy_before": POLICY_BEFORE,
        "policy_errors": [
            (11, "tier “lightwight” does not exist; did you mean lightweight?"),
            (None, "Test “regulated stays up” fails: expected premium, got mid."),
        ],
        "router_tabs": tabs(),
        "now": datetime.now(UTC),
        "some_tags": {"team": "search", "env": "prod", "customer_tier": "gold"},
        "curl": CURL,
    }


def wave(day: int, size: float) -> float:
    weekend = 0.45 if (FIRST + timedelta(days=day)).weekday() > 4 else 1.0
    return size * weekend * (1 + 0.08 * math.sin(day * 1.7)) * (1 + day / 120)


def cost() -> Chart:
    baseline = [round(wave(day, 168) * USD) for day in range(42)]
    paid = [round(amount * (0.93 if day < 17 else 0.46)) for day, amount in enumerate(baseline)]
    links = tuple(f"/t/northwind/requests/?day={day}" for day in DAYS)
    return Chart(
        kind="area",
        caption="What it cost, and what the baseline would have cost",
        unit="usd",
        labels=DAYS,
        series=(
            Series("Cost", (*paid[:30], None, *paid[31:]), tone="cost", links=links),
            Series("Baseline", baseline, tone="baseline", links=links, dashed=True),
        ),
        marks=(Mark(DAYS[17], "support v4 published", "/t/northwind/routers/support/"),),
        first_column="Day",
    )


def tiers() -> Chart:
    shares = ((0.72, 0.2), (0.2, 0.21), (0.05, 0.43), (0.02, 0.1), (0.01, 0.06))
    return Chart(
        "stacked",
        "Requests by the tier that answered",
        "count",
        DAYS,
        tuple(
            Series(
                tier.title(),
                [round(wave(day, 9200) * (before if day < 17 else after)) for day in range(42)],
                tone=tier,
            )
            for tier, (before, after) in zip(TIERS, shares, strict=True)
        ),
        first_column="Day",
    )


def bridge() -> Chart:
    return Chart(
        "waterfall",
        "From the baseline to what was paid",
        "usd",
        (
            "Baseline",
            "Cheaper tier",
            "Cheaper provider",
            "Cache",
            "Classifier",
            "Rejected attempts",
            "Judges",
            "Paid",
        ),
        (Series("USD", [n * USD for n in (6480, -2710, -402, -188, 21, 164, 58, 3423)], links=["/"] * 8),),
        totals=(0, 7),
        first_column="Step",
    )


def by_model() -> Chart:
    models = (
        "openai/gpt-5",
        "anthropic/claude-sonnet-4-5",
        "openai/gpt-5-nano",
        "anthropic/claude-haiku-4-5",
        "local/llama-3.3-8b",
    )
    return Chart(
        "donut",
        "Spend by model",
        "usd",
        models,
        (Series("Total", [n * USD for n in (1840, 910, 402, 243, 28)], links=["/"] * 5),),
        first_column="Model",
    )


def by_class() -> Chart:
    classes = ("Classification", "Extraction", "Rewriting", "Coding", "Reasoning", "Unknown")
    return Chart(
        "hbar",
        "Net saved by class",
        "usd",
        classes,
        (Series("Saved", [n * USD for n in (1204, 866, 513, 240, -38, 12)], tone="saving", links=["/"] * 6),),
        first_column="Class",
    )


def latency() -> Chart:
    hours = tuple(f"2026-10-25T{hour:02}:00" for hour in range(24))
    return Chart(
        "line",
        "Time added by the gateway",
        "ms",
        hours,
        (
            Series("p50", [1.1 + 0.2 * math.sin(hour) for hour in range(24)]),
            Series("p99", [3.9 + (9 if hour == 14 else 0) + math.cos(hour) for hour in range(24)]),
        ),
        first_column="Hour",
    )


def requests_by_day() -> Chart:
    return Chart(
        "bar",
        "Requests per day",
        "count",
        DAYS,
        (Series("Requests", [round(wave(day, 9200)) for day in range(42)]),),
        first_column="Day",
    )


def rows() -> list[Row]:
    now = datetime.now(UTC)
    kinds = (
        ("support", "classification", "lightweight", "openai/gpt-5-nano", "answered", 41_000, 2_310_000),
        (
            "support",
            "extraction",
            "lightweight",
            "anthropic/claude-haiku-4-5",
            "escalated",
            8_210_000,
            9_400_000,
        ),
        ("search", "rewriting", "small", "mistral/ministral-8b", "answered", 3_120, 1_890_000),
        ("coding", "reasoning", "premium", "openai/gpt-5", "answered", 84_300_000, 84_300_000),
        ("back-office", "unknown", "mid", "anthropic/claude-sonnet-4-5", "fell_back", 12_800_000, 11_050_000),
        ("support", "summarization", "local", "local/llama-3.3-8b", "answered", None, 4_400_000),
        ("search", "simple_qa", "lightweight", "openai/gpt-5-nano", "cached", 0, 1_020_000),
        ("coding", "coding", "mid", "openai/gpt-5-mini", "failed", 310_000, 0),
    )
    return [
        Row(
            id=f"01J9Z{place:04}",
            at=now - timedelta(seconds=14 * place**3 + 3),
            router=router,
            request_class=name,
            tier=tier,
            model=model,
            outcome=outcome,
            cost=spent,
            baseline=baseline,
            saved=None if spent is None else baseline - spent,
            ms=240 * (place + 1),
            tokens=1820 * (place + 1),
        )
        for place, (router, name, tier, model, outcome, spent, baseline) in enumerate(kinds * 2)
    ]


def candidates() -> list[Row]:
    return [
        Row(
            model="openai/gpt-5-nano",
            tier="lightweight",
            expected_cost=41_000,
            taken=True,
            because="Cheapest of the lightweight rung that can answer in JSON",
        ),
        Row(
            model="anthropic/claude-haiku-4-5",
            tier="lightweight",
            expected_cost=164_000,
            taken=False,
            because="Next on the rung, should the first fail",
        ),
        Row(
            model="openai/gpt-5-mini",
            tier="mid",
            expected_cost=820_000,
            taken=False,
            because="Escalation, should a check reject the answer",
        ),
        Row(
            model="openai/gpt-5",
            tier="premium",
            expected_cost=4_100_000,
            taken=False,
            because="Dearer than needed; reached only after mid",
        ),
        Row(
            model="mistral/ministral-8b",
            tier="small",
            expected_cost=12_000,
            taken=False,
            because="Below the floor “support stays readable” (lightweight)",
        ),
        Row(
            model="deepseek/deepseek-chat",
            tier="mid",
            expected_cost=96_000,
            taken=False,
            because="Not in the whitelist of Northwind Trading",
        ),
        Row(
            model="local/llama-3.3-8b",
            tier="local",
            expected_cost=None,
            taken=False,
            because="Has no price; the policy does not route to unpriced models",
        ),
    ]


def facts() -> list[tuple[str, ...]]:
    return [
        ("Router", "support", "policy version 4"),
        ("Requested model", "gpt-5"),
        ("Key", "search-app"),
        ("Rule", "routine"),
        ("Confidence", "91%", "above the policy's 50%"),
        ("Input tokens", "1,820"),
    ]


def tabs() -> list[dict[str, object]]:
    return [
        {"label": "Rules", "href": "#", "active": True, "count": 4},
        {"label": "Floors & tests", "href": "#", "active": False, "count": 2},
        {"label": "Versions", "href": "#", "active": False, "count": 7},
        {"label": "YAML", "href": "#", "active": False},
    ]


POLICY = """baseline: openai/gpt-5
whitelist: [openai/gpt-5, openai/gpt-5-nano, anthropic/claude-haiku-4-5]
rules:
  - name: escalated
    when: {tag: {escalated: "true"}}
    tier: premium
  - name: routine
    when:
      class: [classification, extraction, rewriting]
      input_tokens: {at_most: 2000}
    tier: lightwight
    cascade:
      up_to: premium
      checks: [{not_refusal: true}, {json_valid: true}]
otherwise: {tier: mid}
unsure: {confidence_below: 0.5, tier: mid}
floors:
  - {name: reasoning, when: {class: [reasoning]}, tier: mid}
"""
POLICY_BEFORE = POLICY.replace("extraction, rewriting", "extraction").replace(
    "confidence_below: 0.5", "confidence_below: 0.4"
)
CURL = """curl https://gateway.northwind.example/router/support/v1/chat/completions \\
  -H "Authorization: Bearer $RUNGWAY_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "gpt-5", "messages": [{"role": "user", "content": "Positive or negative: I love it"}]}'"""
