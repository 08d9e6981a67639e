"""Chat completions and responses as Azure takes and gives them: the deployment in the path, the key in a header of its own."""

from __future__ import annotations

import msgspec

from gateway.simulator import openai
from gateway.simulator.asked import Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.openai_request import Request
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Frame, Json, Problem, Reply
from gateway.simulator.responses import Responses

SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}


def key_of(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"api-key", b"").decode("latin-1") or openai.key_of(headers)


class AzureResponses(Responses):
    ID_HEADER = b"apim-request-id"

    @staticmethod
    def key_of(headers: dict[bytes, bytes]) -> str:
        return key_of(headers)


class Azure:
    ID_HEADER = b"apim-request-id"

    def __init__(self, deployment: str = "", api_version: str = "") -> None:
        """Without a deployment it is the body that names one."""
        self._deployment, self._api_version = deployment, api_version

    def key_of(self, headers: dict[bytes, bytes]) -> str:
        return key_of(headers)

    def parse(self, body: bytes, headers: dict[bytes, bytes]) -> Request:
        if self._deployment and not self._api_version:
            raise Problem(404, "Resource not found", code="404")
        request = openai.parse(body, headers)
        return msgspec.structs.replace(request, model=self._deployment) if self._deployment else request

    def bill(self, request: Request, cache: PromptCache, key: str) -> Usage:
        return openai.bill(request, cache, key)

    def reply(self, request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
        """What a filter saw comes with it: in a stream as a first chunk that has no choice, in a body beside."""
        one = openai.reply(request, usage, behaviour, request_id, now)
        seen: Json = {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}]}
        if request.stream:
            head = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
            first = Frame(openai.event(head | seen))
            return msgspec.structs.replace(one, frames=(first, *one.frames))
        body = msgspec.json.decode(one.body)
        return msgspec.structs.replace(one, body=msgspec.json.encode(body | seen))

    def problem_body(self, problem: Problem, request_id: str) -> Json:
        return openai.problem_body(problem, request_id)

    def error_frame(self, problem: Problem, request_id: str) -> Frame:
        return openai.error_frame(problem, request_id)
