"""A charge in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification: all 57 of them.

Source: https://focus.finops.org/focus-specification/v1-2/, and its chapter of each column. What we keep beside them
has the prefix `x_`, as its rules on column names ask for. One row is one attempt, priced as one request, so that
quantity times unit price is the cost, and the rows sum to the ledger. There is no list price apart from what was
paid, so that all costs are one. Nothing is reserved or committed, and nobody issues an invoice: these columns are null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.core.money import usd
from gateway.core.price import Price

SPECIFIED = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency",
    "BillingPeriodEnd", "BillingPeriodStart", "CapacityReservationId", "CapacityReservationStatus", "ChargeCategory",
    "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit", "ConsumedQuantity", "ConsumedUnit",
    "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost",
    "ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "ProviderName",
    "PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory",
    "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId",
    "SubAccountName", "SubAccountType", "Tags",
)  # fmt: skip
OURS = (
    "x_RequestId",
    "x_AttemptId",
    "x_Router",
    "x_Rule",
    "x_RequestClass",
    "x_Tier",
    "x_Outcome",
    "x_Part",
    "x_UsageSource",
    "x_BaselineCost",
)
COLUMNS = (*SPECIFIED, *OURS)
WHAT_FOR: Mapping[str, str] = {
    "answer": "An answer",
    "rejected": "An answer that did not pass its checks",
    "failed": "An attempt that failed",
    "check": "A check of an answer",
    "shadow": "A call beside the one that answered",
    "count": "A count of tokens",
}


class Charge(Struct, frozen=True, kw_only=True):
    """Moments are in UTC, `amount` is in nano-dollars; a line that is taken back is below zero."""

    account: str
    account_name: str
    sub_account: str
    sub_account_name: str
    router: str
    provider: str
    model: str
    service_tier: str
    region: str
    price: Price | None
    at: datetime
    recorded_at: datetime
    amount: int
    quantity: int
    tokens: int
    part: str
    tags: Mapping[str, str]
    more: Sequence[str]


def row(charge: Charge) -> Sequence[object]:
    """In the order of `COLUMNS`; an empty cell is null."""
    cells: Mapping[str, object] = {
        **_when(charge),
        **_how_much(charge),
        **_what(charge),
        "BillingAccountId": charge.account,
        "BillingAccountName": charge.account_name,
        "BillingAccountType": "Tenant",
        "SubAccountId": charge.sub_account,
        "SubAccountName": charge.sub_account_name,
        "SubAccountType": "Gateway key" if charge.sub_account else "",
        "Tags": json.dumps(charge.tags, ensure_ascii=False, sort_keys=True),
        **dict(zip(OURS, charge.more, strict=True)),
    }
    return [cells.get(name, "") for name in COLUMNS]


def _when(charge: Charge) -> Mapping[str, object]:
    start = charge.at.replace(minute=0, second=0, microsecond=0)
    month, end_of_month = _month(charge.at)
    return {
        "BillingPeriodEnd": moment(end_of_month),
        "BillingPeriodStart": moment(month),
        "ChargeClass": "Correction" if charge.recorded_at >= end_of_month else "",
        "ChargePeriodEnd": moment(start + timedelta(hours=1)),
        "ChargePeriodStart": moment(start),
    }


def _how_much(charge: Charge) -> Mapping[str, object]:
    """A unit price is of one request, and is not below zero where it is taken back."""
    cost, unit = usd(charge.amount), usd(abs(charge.amount))
    costs = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost", "PricingCurrencyEffectiveCost")
    units = ("ContractedUnitPrice", "ListUnitPrice")
    return {
        **dict.fromkeys(costs, cost),
        **dict.fromkeys(units, unit),
        **{f"PricingCurrency{name}": unit for name in units},
        "BillingCurrency": "USD",
        "PricingCurrency": "USD",
        "PricingCategory": "Standard",
        "PricingQuantity": charge.quantity,
        "PricingUnit": "Requests",
        "ConsumedQuantity": charge.tokens,
        "ConsumedUnit": "Tokens",
    }


def _what(charge: Charge) -> Mapping[str, object]:
    details = _details(charge)
    return {
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{WHAT_FOR.get(charge.part, 'A call')} by {charge.model}",
        "ChargeFrequency": "Usage-Based",
        "InvoiceIssuerName": charge.provider,
        "ProviderName": charge.provider,
        "PublisherName": charge.provider,
        "RegionId": charge.region,
        "RegionName": charge.region,
        "ResourceId": f"{charge.account}/{charge.router}" if charge.router else "",
        "ResourceName": charge.router,
        "ResourceType": "Router" if charge.router else "",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": f"{charge.provider} models",
        "ServiceSubcategory": "Generative AI",
        "SkuId": charge.model,
        "SkuMeter": "Tokens",
        "SkuPriceDetails": json.dumps(details) if details else "",
        "SkuPriceId": " ".join([charge.model, *map(str, details.values())]),
    }


def _details(charge: Charge) -> Mapping[str, str | int]:
    """What tells a price of a model from its others; amounts and days are no part of it, as the specification asks."""
    above = charge.price.above if charge.price else 0
    told: dict[str, str | int] = {
        "ServiceTier": charge.service_tier,
        "Region": charge.region,
        "PromptAbove": above,
    }
    return {name: value for name, value in told.items() if value}


def moment(at: datetime) -> str:
    """As the specification writes a date and time: in UTC, to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _month(at: datetime) -> tuple[datetime, datetime]:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)
