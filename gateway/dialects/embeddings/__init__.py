"""Embeddings, one file a protocol. `embedding.py` says what each can do.

A provider's row names one dialect for all that it does; here its half for embeddings is found. To add one: a file, and
its row below. Keys, signatures and errors are those of the dialect itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.dialects.embeddings.azure import AzureEmbeddings
from gateway.dialects.embeddings.bedrock import BedrockEmbeddings
from gateway.dialects.embeddings.cohere import CohereEmbeddings
from gateway.dialects.embeddings.embedding import EmbeddingProtocol, EmbeddingSurface
from gateway.dialects.embeddings.gemini import GeminiEmbeddings
from gateway.dialects.embeddings.ollama import OllamaEmbeddings
from gateway.dialects.embeddings.openai import OpenAIEmbeddings
from gateway.dialects.embeddings.vertex import VertexEmbeddings

SURFACES: Mapping[str, EmbeddingSurface] = {
    "gemini": GeminiEmbeddings(),
    "openai_chat": OpenAIEmbeddings(),
}
PROTOCOLS: Mapping[str, EmbeddingProtocol] = {
    "azure": AzureEmbeddings(),
    "bedrock": BedrockEmbeddings(),
    "cohere": CohereEmbeddings(),
    "gemini": GeminiEmbeddings(),
    "ollama": OllamaEmbeddings(),
    "openai_chat": OpenAIEmbeddings(),
    "openai_responses": OpenAIEmbeddings(),
    "vertex_gemini": VertexEmbeddings(),
}
