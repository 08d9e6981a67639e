"""Wire protocols, one package each, both directions; `dialect.py` says what each can do.

To add one:

1. Copy the package that is nearest; keep its file names, for who knows one package then knows yours.
2. Give it a row in `DIALECTS`; in `CALLERS_ONLY` or `PROVIDERS_ONLY` if it has one side only. Callers' side:
   its name is a `Surface` in `gateway/core/facts.py`. Providers' side: it is `SPOKEN` in `gateway/core/catalogue.py`.
3. What it says and `gateway/core/conversation.py` has no word for: add the word there if two dialects share
   it, name it in `Conversation.unsayable` if an answer without it is still an answer, else raise
   `Untranslatable` with its place.
4. Put recorded exchanges into `tests/gateway/data/`; the golden tests take every dialect of the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.dialects.anthropic import Anthropic
from gateway.dialects.azure import Azure, AzureResponses
from gateway.dialects.bedrock import Bedrock
from gateway.dialects.bedrock.invoke import BedrockAnthropic
from gateway.dialects.cohere import Cohere
from gateway.dialects.dialect import CallerSide, Dialect, ProviderSide
from gateway.dialects.gemini import Gemini
from gateway.dialects.ollama import Ollama
from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.openai_completions import OpenAICompletions
from gateway.dialects.openai_responses import OpenAIResponses
from gateway.dialects.vertex import VertexAnthropic, VertexGemini

DIALECTS: Mapping[str, Dialect] = {
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "openai_chat": OpenAIChat(),
    "openai_responses": OpenAIResponses(),
}

CALLERS_ONLY: Mapping[str, CallerSide] = {"openai_completions": OpenAICompletions()}
PROVIDERS_ONLY: Mapping[str, ProviderSide] = {
    "azure": Azure(),
    "azure_responses": AzureResponses(),
    "bedrock": Bedrock(),
    "bedrock_anthropic": BedrockAnthropic(),
    "cohere": Cohere(),
    "ollama": Ollama(),
    "vertex_anthropic": VertexAnthropic(),
    "vertex_gemini": VertexGemini(),
}

SURFACES: Mapping[str, CallerSide] = {**DIALECTS, **CALLERS_ONLY}
PROTOCOLS: Mapping[str, ProviderSide] = {**DIALECTS, **PROVIDERS_ONLY}
