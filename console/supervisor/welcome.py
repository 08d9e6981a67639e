"""What a person needs to begin: where to sign in, a key, and a line to paste."""

import json
from dataclasses import dataclass
from typing import Self

QUESTION = "Is this review positive or negative? Best umbrella I ever had."
REQUEST = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": QUESTION}]})


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A router that answers from simulated providers, and a key for it."""

    tenant: str
    router: str
    gateway_key: str


@dataclass(frozen=True, kw_only=True)
class Welcome:
    sign_in: str | None
    person: str | None
    trial: Trial | None

    @classmethod
    def read(cls, printed: str) -> Self:
        """The last line of what the `welcome` command printed."""
        told = json.loads(printed.strip().rpartition("\n")[2])
        trial = told.pop("trial")
        return cls(**told, trial=Trial(**trial) if trial else None)

    def lines(self, *, console_url: str, gateway_url: str) -> list[str]:
        lines = [f"Console   {self.sign_in or console_url}"]
        if self.person:
            lines[0] += f"   (signs you in once, as {self.person})"
        lines.append(f"Gateway   {gateway_url}")
        if self.trial:
            lines += [f"Key       {self.trial.gateway_key}", "Try it:", _curl(gateway_url, self.trial)]
        return lines


def _curl(gateway_url: str, trial: Trial) -> str:
    return (
        f"curl -si {gateway_url}/router/{trial.router}/v1/chat/completions"
        f" -H 'authorization: Bearer {trial.gateway_key}' -H 'content-type: application/json' -d '{REQUEST}'"
    )
