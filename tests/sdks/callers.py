"""The SDKs, in the order of the table."""

from __future__ import annotations

from collections.abc import Mapping

from tests.sdks import anthropic_messages, google_genai, langchain, openai_chat, openai_others
from tests.sdks.asking import Try

IN_PYTHON: Mapping[str, Mapping[str, Try]] = {
    "`openai` chat": openai_chat.FEATURES,
    "`openai` Responses": openai_others.RESPONSES,
    "`openai` completions": openai_others.COMPLETIONS,
    "`openai` embeddings": openai_others.EMBEDDINGS,
    "`anthropic`": anthropic_messages.FEATURES,
    "`google-genai`": google_genai.FEATURES,
    "`google-genai` embeddings": google_genai.EMBEDDINGS,
    "`langchain-openai`": langchain.features(langchain.openai),
    "`langchain-anthropic`": langchain.features(langchain.anthropic),
    "`langchain-google-genai`": langchain.features(langchain.google),
}
IN_NODE: Mapping[str, str] = {  # as the table calls them → as the script does
    "Node `openai` chat": "openai_chat",
    "Node `openai` Responses": "openai_responses",
    "Node `@anthropic-ai/sdk`": "anthropic",
    "Node `ai` with `@ai-sdk/openai`": "ai_openai",
    "Node `ai` with `@ai-sdk/anthropic`": "ai_anthropic",
    "Node `ai` with `@ai-sdk/google`": "ai_google",
}
SDKS = (*IN_PYTHON, *IN_NODE)
EMBEDDINGS = {"`openai` embeddings", "`google-genai` embeddings"}
