"""What models differ in that speak one protocol here, told from their names.

An inference profile has the name of its model in it (`us.anthropic.claude-…`); an application's own has an ARN, and
then the id in the catalogue tells.
"""

from __future__ import annotations

import re

from gateway.core.catalogue import Model

_FAMILIES = re.compile(r"\b(anthropic|amazon\.nova|openai|qwen|deepseek|mistral|meta|cohere)\b")


def family_of(model: Model) -> str:
    """Empty: one of which nothing is known."""
    found = _FAMILIES.search(model.wire_name) or _FAMILIES.search(model.id.partition("/")[2])
    return found[1] if found else ""


def caches_on_demand(family: str) -> bool:
    """Whether it takes marks up to which a prompt shall be kept; others answer them with an error."""
    return family in {"anthropic", "amazon.nova"}
