"""Azure OpenAI: chat completions in their maker's words, at an address that names a deployment.

The base is the resource (`https://<resource>.openai.azure.com`, with `?api-version=…` for another version than
ours), or its newer form `…/openai/v1`, where the body alone names the deployment (`core.url.joined`).
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest, Conversation
from gateway.dialects.dialect import Outgoing
from gateway.dialects.openai_chat import OpenAIChat

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


def deployed(outgoing: Outgoing, model: Model) -> Outgoing:
    deployment = quote(model.wire_name, safe="")
    path = f"/openai/deployments/{deployment}/{outgoing.path}?api-version={API_VERSION}"
    return replace(outgoing, path=path)
