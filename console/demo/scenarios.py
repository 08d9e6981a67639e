"""What the company's applications ask, how often, and of what size."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gateway.core.facts import Need, Surface


class Scenario(Struct, frozen=True, kw_only=True):
    """One kind of request. Tokens are medians; a request's own vary around them."""

    router: str
    key: str
    text: str
    weight: float
    input_tokens: int
    output_tokens: int
    model: str = "gpt-5"
    surface: Surface = Surface.OPENAI_CHAT
    needs: frozenset[Need] = frozenset()
    tags: Mapping[str, str] = {}
    cached: float = 0.0  # share of the prompt that the provider has seen before
    night: bool = False  # a batch job, not a person


SUPPORT = (
    Scenario(router="support", key="support-desk", weight=22, input_tokens=2940, output_tokens=19, model="claude-opus-4-5",
             text="Classify the sentiment of this message as positive, neutral or negative: my flight was moved twice",
             tags={"feature": "triage"}),
    Scenario(router="support", key="support-desk", weight=16, input_tokens=4480, output_tokens=38, model="claude-opus-4-5",
             text="Tag this ticket with one of: refund, rebooking, luggage, other. Reply with the label only.",
             tags={"feature": "triage"}),
    Scenario(router="support", key="support-desk", weight=10, input_tokens=6300, output_tokens=144, model="claude-opus-4-5",
             text="Extract the booking number, travel dates and passenger names from this e-mail as JSON.",
             tags={"feature": "intake"}),
    Scenario(router="support", key="support-desk", weight=12, input_tokens=4900, output_tokens=416, model="claude-opus-4-5",
             text="Rewrite this reply so that it sounds polite and friendly: we can't refund you",
             tags={"feature": "replies"}),
    Scenario(router="support", key="support-desk", weight=14, input_tokens=10500, output_tokens=512, model="claude-opus-4-5", cached=0.5,
             text="What is the cancellation policy for a flexible fare?", tags={"feature": "answers"}),
    Scenario(router="support", key="support-desk", weight=8, input_tokens=18200, output_tokens=608, model="claude-opus-4-5",
             text="Summarize this conversation in five bullet points for the next agent.",
             tags={"feature": "handover"}),
    Scenario(router="support", key="support-desk", weight=3, input_tokens=15400, output_tokens=1120, model="claude-opus-4-5",
             text="Compare these three rebooking options step by step, weigh the costs against each other and "
                  "explain which one the passenger is legally entitled to under EU261.",
             tags={"feature": "answers", "customer_tier": "gold"}),
    Scenario(router="support", key="support-desk", weight=2, input_tokens=8400, output_tokens=672, model="claude-opus-4-5",
             text="Classify the complaint and draft an answer.",
             tags={"feature": "answers", "escalated": "true", "customer_tier": "gold"}),
    Scenario(router="support", key="support-desk", weight=1.5, input_tokens=4200, output_tokens=96, model="claude-opus-4-5",
             text="Tag this ticket: the card was charged twice", tags={"feature": "triage", "data": "payment"}),
)  # fmt: skip
SEARCH = (
    Scenario(router="search", key="search-api", weight=38, input_tokens=1560, output_tokens=60, model="gpt-5-mini",
             text="Extract destination, dates and number of travellers from this query as JSON: two weeks crete in may",
             tags={"feature": "query"}),
    Scenario(router="search", key="search-api", weight=22, input_tokens=1080, output_tokens=12, model="gpt-5-mini",
             text="Classify this query as hotel, flight, package or other: cheap beach with kids",
             tags={"feature": "query"}),
    Scenario(router="search", key="search-api", weight=14, input_tokens=1440, output_tokens=45, model="gpt-5-mini",
             text="Rewrite this search so that it is spelled correctly: hotl neer colloseum rom",
             tags={"feature": "query"}),
    Scenario(router="search", key="search-api", weight=9, input_tokens=8400, output_tokens=330, model="gpt-5-mini",
             text="Write a short, vivid description of this hotel for the results page.",
             tags={"feature": "snippets"}),
    Scenario(router="search", key="search-api", weight=1.2, input_tokens=5400, output_tokens=750, model="gpt-5-mini",
             text="Write a three-day itinerary for Lisbon.", tags={"feature": "itinerary"}),
)  # fmt: skip
CODING = (
    Scenario(router="coding", key="coding-agents", weight=7, input_tokens=76800, output_tokens=2100, cached=0.8,
             model="claude-opus-4-5", surface=Surface.ANTHROPIC, needs=frozenset({Need.TOOLS, Need.STREAMING}),
             text="Find why the checkout test fails, fix it, run the tests and open a pull request.",
             tags={"feature": "agent"}),
    Scenario(router="coding", key="coding-agents", weight=5, input_tokens=19200, output_tokens=1350, cached=0.4,
             model="claude-opus-4-5", surface=Surface.ANTHROPIC, needs=frozenset({Need.STREAMING}),
             text="Write a Python function that merges overlapping date ranges, with type hints and tests.",
             tags={"feature": "assistant"}),
    Scenario(router="coding", key="coding-agents", weight=4, input_tokens=5760, output_tokens=90,
             model="gpt-5", text="Write a one-line commit message for this diff.", tags={"feature": "commits"}),
    Scenario(router="coding", key="coding-agents", weight=3, input_tokens=7680, output_tokens=525,
             model="gpt-5", text="Summarize this pull request in three sentences.", tags={"feature": "reviews"}),
)  # fmt: skip
BACK_OFFICE = (
    Scenario(router="back-office", key="night-jobs", weight=20, input_tokens=9600, output_tokens=288, model="claude-opus-4-5", night=True,
             text="Extract invoice number, total, currency and due date from this invoice as JSON.",
             needs=frozenset({Need.JSON_SCHEMA}), tags={"feature": "invoices"}),
    Scenario(router="back-office", key="night-jobs", weight=8, input_tokens=27000, output_tokens=960, model="claude-opus-4-5", night=True,
             text="Summarize this supplier contract for the purchasing team.", tags={"feature": "contracts"}),
    Scenario(router="back-office", key="night-jobs", weight=2, input_tokens=42000, output_tokens=2560, model="claude-opus-4-5", night=True,
             text="Analyse these two contracts clause by clause, explain which liabilities conflict and why, and "
                  "prove each conclusion from the text.", tags={"feature": "contracts"}),
)  # fmt: skip

SCENARIOS = (*SUPPORT, *SEARCH, *CODING, *BACK_OFFICE)
A_WEEKDAY: Mapping[str, int] = {"support": 230, "search": 260, "coding": 60, "back-office": 60}  # requests
