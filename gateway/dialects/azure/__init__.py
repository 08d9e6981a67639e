"""Azure OpenAI: chat completions and responses in their maker's words; an address of the former names a deployment.

The base is the resource (`https://<resource>.openai.azure.com`, with `?api-version=…` for another version than
ours), or its newer form `…/openai/v1`, where the body alone names the deployment (`core.url.joined`). Responses are at the
newer form only (https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses).
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest, Conversation
from gateway.dialects.dialect import Outgoing
from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.openai_responses import OpenAIResponses

API_VERSION = "2024-10-21"  # the newest that is no preview, of those whose path names a deployment


class Azure(OpenAIChat):
    name = "azure"
    words = "openai_chat"

    def pass_through(
        self, request: ChatRequest, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return deployed(super().pass_through(request, model, rejects=rejects), model)

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return deployed(super().translate(conversation, model, rejects=rejects), model)


class AzureResponses(OpenAIResponses):
    name = "azure_responses"
    words = "openai_responses"

    def pass_through(
        self, request: ChatRequest, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return _at_the_resource(super().pass_through(request, model, rejects=rejects))

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        return _at_the_resource(super().translate(conversation, model, rejects=rejects))


def _at_the_resource(outgoing: Outgoing) -> Outgoing:
    return replace(outgoing, path=f"/openai/v1/{outgoing.path}")


def deployed(outgoing: Outgoing, model: Model) -> Outgoing:
    deployment = quote(model.wire_name, safe="")
    path = f"/openai/deployments/{deployment}/{outgoing.path}?api-version={API_VERSION}"
    return replace(outgoing, path=path)
