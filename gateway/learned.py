"""What a model turned out not to take: learned from its provider's refusal, so that it happens once.

Models of one vendor differ in what they take (a reasoning model wants no temperature), and a caller cannot know
which model a router will choose. What is left out is reported to the caller like everything that could not be said.

An address that a tenant gave may not have all protocols that its vendor has: where there is nothing at the path of
a further one, the model is asked in the first.
"""

from __future__ import annotations

import re

from gateway.errors import ProviderInvalidRequest
from gateway.journey import Trial

# An answer without these is still an answer to the same request.
DISPENSABLE = frozenset(
    {
        "temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed", "logprobs", "top_logprobs",
        "max_tokens", "max_completion_tokens", "max_output_tokens", "parallel_tool_calls", "reasoning_effort",
        "reasoning.effort", "reasoning.summary", "verbosity", "text.verbosity",
    }
)  # fmt: skip
MOST = 10_000  # models remembered; beyond it they are learned anew

_UNSUPPORTED = re.compile(
    r"unsupported|not support|not enabled|not permitted|unrecognized|unknown (field|parameter|argument)"
)


class Learned:
    """Per tenant's key and model, for accounts of one provider differ, too."""

    def __init__(self) -> None:
        self._fields: dict[tuple[str, str], frozenset[str]] = {}
        self._plain: set[tuple[str, str]] = set()  # who is asked in the first protocol only

    def of(self, trial: Trial, *, ours: bool) -> frozenset[str]:
        """`ours`: the caller did not name the model. Who names it is told by its provider what it does not take."""
        known = self._fields.get(_who(trial), _NONE) if self._fields else _NONE
        return known if ours else known & _ASKED_BY_US

    def understood(self, trial: Trial) -> Trial:
        if self._plain and _who(trial) in self._plain:
            trial.dialect = _first(trial)
        return trial

    def learn(
        self,
        trial: Trial,
        error: ProviderInvalidRequest,
        rejects: frozenset[str],
        *,
        ours: bool,
        native: bool,
    ) -> bool:
        """Whether the request is worth another try, without a field or in another protocol.

        `native`: only its own protocol has the words for it.
        """
        if error.upstream_status == 404 and trial.dialect != _first(trial) and not native:
            if len(self._plain) >= MOST:
                self._plain.clear()
            self._plain.add(_who(trial))
            return True
        field = blamed(error)
        if field is None or field in rejects or not (ours or field in _ASKED_BY_US):
            return False
        if len(self._fields) >= MOST:
            self._fields.clear()
        self._fields[_who(trial)] = self._fields.get(_who(trial), _NONE) | {field}
        return True


def blamed(error: ProviderInvalidRequest) -> str | None:
    """The dispensable field that a provider says it does not take."""
    said = error.message.lower()
    if not _UNSUPPORTED.search(said):
        return None
    if error.param in DISPENSABLE:
        return error.param
    named = [field for field in DISPENSABLE if re.search(rf"\b{re.escape(field)}\b", said)]
    return min(named, key=said.index) if named else None


def _who(trial: Trial) -> tuple[str, str]:
    return trial.connection.id, trial.model.id


def _first(trial: Trial) -> str:
    return trial.model.dialect or trial.connection.provider.dialect


_NONE: frozenset[str] = frozenset()
_ASKED_BY_US = frozenset({"logprobs", "top_logprobs"})
