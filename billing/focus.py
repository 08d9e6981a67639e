"""A charge in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification.

Source: https://focus.finops.org/focus-specification/v1-2/. All of its mandatory columns are there, and of the others
those that we can fill; what we keep beside them has the prefix `x_`, as its rules on column names ask for. One
row is one attempt, priced as one request, so that quantity times price is the cost. There is no list price apart
from what was paid, so that all four costs are one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.core.money import usd

MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
)
FILLED = (
    "BillingAccountType",
    "ChargeFrequency",
    "ConsumedQuantity",
    "ConsumedUnit",
    "PricingCategory",
    "SkuId",
    "SkuMeter",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
)
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
COLUMNS = (*MANDATORY, *FILLED, *OURS)
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
    provider: str
    model: str
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
    start = charge.at.replace(minute=0, second=0, microsecond=0)
    month, end_of_month = _month(charge.at)
    cost = usd(charge.amount)
    cells: Mapping[str, object] = {
        "BilledCost": cost,
        "BillingAccountId": charge.account,
        "BillingAccountName": charge.account_name,
        "BillingCurrency": "USD",
        "BillingPeriodEnd": moment(end_of_month),
        "BillingPeriodStart": moment(month),
        "ChargeCategory": "Usage",
        "ChargeClass": "Correction" if charge.recorded_at >= end_of_month else "",
        "ChargeDescription": f"{WHAT_FOR.get(charge.part, 'A call')} by {charge.model}",
        "ChargePeriodEnd": moment(start + timedelta(hours=1)),
        "ChargePeriodStart": moment(start),
        "ContractedCost": cost,
        "EffectiveCost": cost,
        "InvoiceIssuerName": charge.provider,
        "ListCost": cost,
        "PricingQuantity": charge.quantity,
        "PricingUnit": "Requests",
        "ProviderName": charge.provider,
        "PublisherName": charge.provider,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": f"{charge.provider} models",
        "ServiceSubcategory": "Generative AI",
        "BillingAccountType": "Tenant",
        "ChargeFrequency": "Usage-Based",
        "ConsumedQuantity": charge.tokens,
        "ConsumedUnit": "Tokens",
        "PricingCategory": "Standard",
        "SkuId": charge.model,
        "SkuMeter": "Tokens",
        "SubAccountId": charge.sub_account,
        "SubAccountName": charge.sub_account_name,
        "SubAccountType": "Gateway key" if charge.sub_account else "",
        "Tags": json.dumps(charge.tags, ensure_ascii=False, sort_keys=True),
        **dict(zip(OURS, charge.more, strict=True)),
    }
    return [cells[name] for name in COLUMNS]


def moment(at: datetime) -> str:
    """As the specification writes a date and time: in UTC, to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _month(at: datetime) -> tuple[datetime, datetime]:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)
