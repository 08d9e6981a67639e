"""The errand of an embedding: vectors for texts, in one answer."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.core.embedding import EmbeddingRequest
from gateway.core.ladder import AttemptOutcome
from gateway.dialects.dialect import Outgoing
from gateway.dialects.embeddings import PROTOCOLS
from gateway.dialects.embeddings.embedding import EmbeddingProtocol, EmbeddingSurface
from gateway.dispatch import Came, read_answer
from gateway.egress import Response
from gateway.errors import Untranslatable
from gateway.journey import Journey, Trial, reckoned


class Embed:
    def __init__(self, surface: EmbeddingSurface, request: EmbeddingRequest) -> None:
        self._surface, self._request = surface, request

    def outgoing(self, journey: Journey, trial: Trial, rejects: frozenset[str]) -> Outgoing:
        """The caller's own words where the dialects are equal, else what they mean."""
        protocol = protocol_of(trial)
        same = protocol.words == self._surface.name
        return (protocol.pass_through if same else protocol.translate)(self._request, trial.model, rejects)

    async def receive(self, journey: Journey, trial: Trial, response: Response) -> Came:
        protocol, body = protocol_of(trial), await read_answer(journey, trial, response)
        came = protocol.parse(body, dict(response.headers), len(self._request.inputs))
        trial.usage, trial.usage_source = reckoned(
            came.usage, came.usage_source, characters=0, prompt_tokens=journey.facts.input_tokens
        )
        if protocol.words != self._surface.name:
            whole = replace(came, model=came.model or trial.model.wire_name, usage=trial.usage)
            body = self._surface.render(whole, self._request)
        return Came(attempt=journey.close(trial, AttemptOutcome.ANSWERED, served=came.model), body=body)


def protocol_of(trial: Trial) -> EmbeddingProtocol:
    protocol = PROTOCOLS.get(trial.dialect)
    if protocol is None:
        raise Untranslatable("This model's provider has no embeddings in its protocol.", param="model")
    return protocol
