"""OpenAI's embeddings at Azure: in their maker's words, at an address that names a deployment."""

from __future__ import annotations

from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest
from gateway.dialects.azure import deployed
from gateway.dialects.dialect import Outgoing
from gateway.dialects.embeddings.openai import OpenAIEmbeddings


class AzureEmbeddings(OpenAIEmbeddings):
    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        return deployed(super().pass_through(request, model, rejects), model)

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        return deployed(super().translate(request, model, rejects), model)
