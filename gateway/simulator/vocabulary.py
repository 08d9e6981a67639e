"""The words by which a task is recognised, and what in a prompt fits where."""

from __future__ import annotations


def among(words: str) -> frozenset[str]:
    return frozenset(words.split())


ITEMS = r"\[?([^.\n?:\]]+(?:,| or |/|\|)[^.\n?\]:]+)"

# Where a prompt lists the labels it wants one of.
LABEL_LISTS = (
    r"\(([\w -]+(?:\|[\w -]+)+)\)",
    r"(?:one of|either|labels?(?: are)?|categories|classes|intents?)(?: the following)?\s*[:=]?\s*" + ITEMS,
    r"\b(?:classify|label|tag|categori[sz]e|rate)\b[^.\n]*?\bas\b(?: either)?\s*" + ITEMS,
    r"\b(\w+(?:/\w+){1,7})\b(?=.*(?:label|sentiment|classif))",
)
USUAL_LABELS = {
    r"\byes or no\b|\byes/no\b": ("yes", "no"),
    r"\bsentiment\b": ("positive", "negative", "neutral"),
    r"\bspam\b": ("spam", "not spam"),
    r"\b(?:urgency|priority)\b": ("low", "medium", "high"),
    r"\b(?:classify|label|tag) (?:this|the|each)\b": ("billing", "technical", "account", "shipping", "other"),
}
SUGGESTS = {
    "positive": among(
        "love great good excellent happy perfect thanks wonderful fast best amazing helpful works"
    ),
    "negative": among(
        "hate bad terrible broken slow worst angry refund disappointed useless late never awful crash"
    ),
    "neutral": among("okay fine average received arrived question when where how information"),
    "billing": among(
        "billing invoice charged charge refund payment card price paid money twice subscription"
    ),
    "technical": among("error crash bug broken loading timeout api install update fails"),
    "account": among("account password login email profile username locked sign"),
    "shipping": among("shipping delivery package order late arrived tracking courier parcel"),
    "hotel": among("hotel room night stay hostel breakfast suite spa"),
    "flight": among("flight fly flights airport plane seat airline nonstop"),
    "package": among("package beach kids family inclusive holiday week weeks resort"),
    "rebooking": among("rebook rebooking change moved another later earlier reschedule"),
    "luggage": among("luggage bag bags suitcase lost baggage"),
    "refund": among("refund money back return charged cancel"),
    "spam": among("winner prize free click offer lottery crypto"),
    "high": among("urgent down outage immediately asap production critical blocked"),
    "low": among("whenever minor typo suggestion question"),
}
FACTS = {
    r"capital of france": "Paris",
    r"capital of mexico": "Mexico City",
    r"capital of germany": "Berlin",
    r"capital of italy": "Rome",
    r"capital of japan": "Tokyo",
    r"capital of spain": "Madrid",
    r"capital of (?:the uk|england|the united kingdom)": "London",
    r"speed of light": "299,792,458 metres per second",
    r"boiling point of water": "100 °C at sea level",
    r"who wrote hamlet": "William Shakespeare",
}
FINDABLE = {
    "mail": r"[\w.+-]+@[\w-]+\.\w+(?:\.\w+)*",
    "order": r"#?\b[A-Z]{0,4}-?\d{3,}\b",
    "invoice": r"\b[A-Z]{2,4}-?\d{3,}\b",
    "amount": r"[$€£]\s?\d[\d,.]*\d",
    "total": r"[$€£]\s?\d[\d,.]*\d",
    "date": r"\d{4}-\d\d-\d\d|\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}(?:, \d{4})?",
    "phone": r"\+?\d[\d ()-]{6,}\d",
    "name": r"\b[A-Z][a-z]+ [A-Z][a-z]+\b",
    "url": r"https?://\S+",
}
# What in a prompt fills a property of a given name: (found like this, for names like this).
MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
PLACES = "crete|lisbon|rome|paris|london|berlin|madrid|vienna|athens|mallorca|tenerife|oslo|tokyo|new york"
FITTING = (
    (r"([\w.+-]+@[\w-]+\.[\w.]+)", r"mail"),
    (
        r"(?i:order|invoice|ticket|case|booking)\s*(?:number|no\.?|id)?\s*#?\s*([A-Z0-9-]*\d[A-Z0-9-]*)",
        r"order|invoice|ticket|booking|id$",
    ),
    (r"(\d{4}-\d\d-\d\d|\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4})", r"date|day|when|due"),
    (rf"(?i:\b((?:early |late |mid-)?(?:{MONTHS}))\b)", r"date|when"),
    (r"((?:\$|€|£|USD |EUR )\s?[\d,.]*\d)", r"amount|price|total|cost"),
    (r"\b(USD|EUR|GBP|CHF|JPY)\b", r"currency"),
    (
        r"\b(?:in|for|at|to|from|of|near) ([A-Z]\w+(?: [A-Z]\w+)*)",
        r"city|location|place|country|town|name|region|destination",
    ),
    (rf"(?i:\b({PLACES})\b)", r"city|location|place|country|town|region|destination"),
    (r"\b([A-Z][a-z]+ [A-Z][a-z]+)\b", r"name|person|customer|author|passenger"),
    (r"\b(\d{1,3})\b", r"number|count|quantity|travellers"),
)
# What stands for it where the prompt has nothing.
SAMPLES = (
    (r"mail", "ada@example.com"),
    (r"invoice", "INV-20418"),
    (r"booking|order|ticket|id$", "BK-48213"),
    (r"date|day|when|due", "2026-05-02"),
    (r"amount|price|total|cost", "1284.00"),
    (r"currency", "EUR"),
    (r"city|location|place|town|destination", "Lisbon"),
    (r"country|region", "Portugal"),
    (r"name|person|customer|author|passenger", "Ada Lovelace"),
    (r"number|count|quantity|travellers", "2"),
)
FORMATS = {
    "date": "2026-03-14",
    "date-time": "2026-03-14T09:30:00Z",
    "time": "09:30:00Z",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "uuid": "6f1c2d1e-8a4b-4c3d-9e2f-0a1b2c3d4e5f",
    "ipv4": "192.0.2.7",
}
COMMON = among("""
    the and for with that this what when where which how why who are was were will would could
    should can does from have has had into about your you please write give tell explain make made
    need want like they them then than there their our out its not but all any each one two more
    most some very just also only over under after before between using used use these those three two four five may might must let
    get got
""")
VERBS = among("""
    explain compare prove derive find fix run open write draft give tell make show list weigh analyse analyze summarize
    classify extract rewrite describe carry add change create build handle use help keep work show check test moves
""")
TOOL_VERBS = among("""
    get set find search lookup look up fetch list create make do call run tool function use for of
    by the a current
""")
# What any model can do, and what not every model can.
SCORE = r"(?:between|from) 0(?:\.0)? (?:and|to) 1(?:\.0)?\b|\[0, ?1\]"
ROUTINE = rf"\b(?:classify|label|tag|sentiment|extract|one word|yes or no|rewrite|translate)\b|{SCORE}"
HARD = (
    r"\b(?:prove|derive|proof|theorem)\b",
    r"step[ -]by[ -]step|reason|think (?:hard|carefully)|clause by clause",
    r"\b(?:architecture|trade-?offs?|design a|strategy|negotiat)",
    r"\b(?:legal|contract clause|diagnos|liabilit|regulat|compliance)",
    r"\b(?:optimi[sz]e|optimal|concurren|deadlock|race condition|complexity|algorithm)",
    r"\b(?:compare|weigh|analy[sz]e)\b.*\b(?:and|against|which)\b",
)
