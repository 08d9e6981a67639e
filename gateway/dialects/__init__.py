"""Wire protocols, one package each, both directions; `dialect.py` says what each can do.

To add one:

1. Copy the package that is nearest; keep its file names, for who knows one package then knows yours.
2. Give it a row in `DIALECTS`. If callers speak it too, its name is a `Surface` in `gateway/core/facts.py`.
3. What it says and `gateway/core/conversation.py` has no word for: add the word there if two dialects share
   it, name it in `Conversation.unsayable` if an answer without it is still an answer, else raise
   `Untranslatable` with its place.
4. Put recorded exchanges into `tests/gateway/data/`; the golden tests take every dialect of the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.dialects.anthropic import Anthropic
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_chat import OpenAIChat

DIALECTS: Mapping[str, Dialect] = {
    "anthropic": Anthropic(),
    "openai_chat": OpenAIChat(),
}
