"""The phrases that simulated answers are made of."""

from __future__ import annotations

POLISH = {
    "hey": "Hello",
    "pls": "please",
    "asap": "as soon as possible",
    "u": "you",
    "ur": "your",
    "thx": "thank you",
    "gonna": "going to",
    "can't": "are not able to",
    "cant": "are not able to",
    "won't": "will not",
    "want": "would like",
    "dont": "do not",
    "i": "I",
    "we": "we",
}
SPELLING = {
    "hotl": "hotel",
    "neer": "near",
    "colloseum": "Colosseum",
    "rom": "Rome",
    "teh": "the",
    "recieve": "receive",
    "adress": "address",
    "definately": "definitely",
    "flihgt": "flight",
    "untill": "until",
    "wich": "which",
}
POLITE = (
    "Thank you for getting in touch. {text} Please let us know if there is anything else we can do for you."
)

# An open answer: how it begins and how it goes on. {topic} is what was asked about, {a} and {b} are words of it.
OPENINGS = (
    "As for {topic}, it comes down to two things: {a} and {b}.",
    "On {topic}: two points matter, {a} and {b}.",
    "To the question of {topic}: begin with {a}, then look at {b}.",
)
PLANS = (
    "Here is how I would go about it, beginning with {a} and ending with {b}.",
    "I would take it in this order: first {a}, then everything that leads to {b}.",
)
SENTENCES = (
    "Most of the effect comes from {a}, and it can be checked first.",
    "What happens with {b} depends on that, so it comes second.",
    "Where the two pull in different directions, the one that is cheaper to change should give way.",
    "A common mistake is to look at {a} alone and to find out about {b} too late.",
    "It is worth writing the assumptions down, so that they can be tested one at a time.",
    "If the situation changes, come back to {a} before anything else.",
    "With that settled, the remaining steps are routine.",
)
STEPS = (
    "Set out what is given about {a}, and what is not.",
    "Hold it against {b}, point by point, and note where they disagree.",
    "Work through each disagreement on its own; most of them fall away.",
    "Check the rest against the rule that applies, not against what is usual.",
    "Weigh what remains by its consequences, the irreversible ones first.",
    "So the case is clear for {a}; for {b} it depends on the facts that are still missing.",
)
LETTER = """Hello,

thank you for writing to us about {topic}. I am sorry for the trouble this has caused you.

{body}

If anything is still open, just reply to this message.

Kind regards
Your support team"""
LETTER_BODIES = (
    "I have looked into it and passed it to the colleagues who can put it right; you will hear from us today.",
    "I have checked your booking: everything is in place, and the change you asked for costs you nothing.",
    "I have started the refund. It takes three to five working days to reach your account.",
)
DAYS = (
    ("the old town on foot", "a long lunch by the water", "the viewpoint at sunset"),
    ("the main museum, early", "the market and its small kitchens", "live music in a side street"),
    ("a train ride to the coast", "a walk along the cliffs", "dinner where the locals go"),
    ("the gardens and the palace", "coffee and pastries", "a boat trip at dusk"),
    ("the gallery quarter", "an hour of shopping for gifts", "a quiet last evening on the terrace"),
)
DESCRIPTION = (
    "A few steps from everything you came for, it wins you over before the key is in your hand.",
    "Mornings start on the terrace, with strong coffee and a view that refuses to be hurried.",
    "Rooms are bright and quiet, and the staff remember your name.",
    "In the evening the courtyard smells of grilled fish and thyme.",
)
COMMITS = (
    "Handle empty and overlapping ranges in the same place",
    "Validate the order before the payment is captured",
    "Read the time-out from the settings instead of a constant",
    "Close the connection when the client has gone",
)
FINDINGS = (
    "The request came in late in the week and was answered the same day.",
    "What was promised, and by when, is set down in writing.",
    "One question is open: who confirms the final amount.",
    "No further cost is expected as long as the dates stay as they are.",
    "Next step: a call with everybody involved, before the end of the month.",
)
CHANGES = (
    "The change moves the check in front of the payment, so that a failed check costs nothing.",
    "Two tests cover the new order; one that relied on the old one is gone.",
    "The settings keep their names, so nothing has to be done on deployment.",
    "Open point: the time-out is still fixed in two places.",
)
TRANSLATIONS = {
    "french": "Merci pour votre message. Nous nous en occupons et revenons vers vous aujourd'hui.",
    "german": "Vielen Dank für Ihre Nachricht. Wir kümmern uns darum und melden uns heute noch.",
    "spanish": "Gracias por su mensaje. Nos ocupamos de ello y le respondemos hoy mismo.",
    "italian": "Grazie per il suo messaggio. Ce ne occupiamo e le rispondiamo oggi stesso.",
    "portuguese": "Obrigado pela sua mensagem. Vamos tratar do assunto e respondemos ainda hoje.",
    "english": "Thank you for your message. We are looking into it and will reply today.",
}
# By a word of the prompt.
PYTHON = {
    "merg": """def {name}(ranges: list[tuple[date, date]]) -> list[tuple[date, date]]:
    merged: list[tuple[date, date]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged""",
    "fibonacci": """def {name}(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a""",
    "palindrome": """def {name}(text: str) -> bool:
    letters = [letter.lower() for letter in text if letter.isalnum()]
    return letters == letters[::-1]""",
    "revers": """def {name}(text: str) -> str:
    return text[::-1]""",
    "sort": """def {name}(items: list[dict[str, str]], key: str) -> list[dict[str, str]]:
    return sorted(items, key=lambda item: item[key])""",
    "mail": """def {name}(text: str) -> bool:
    return re.fullmatch(r"[^@\\s]+@[^@\\s]+\\.[^@\\s]+", text) is not None""",
    "": """def {name}(items: list[str]) -> list[str]:
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))""",
}
SQL = """SELECT {name}, count(*) AS total
FROM events
WHERE created_at >= now() - interval '30 days'
GROUP BY {name}
ORDER BY total DESC;"""
