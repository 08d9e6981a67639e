"""Credentials that differ from request to request: signatures, and tokens that expire.

A provider key whose provider wants one gets a `Signer` when its snapshot arrives; every other shows the same headers
each time (`ProviderSide.auth_headers`). To add one: a file here, and its row in `SIGNERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gateway.core.catalogue import Auth
from gateway.egress import Egress, Url
from gateway.signing import google
from gateway.signing.aws import AwsSigner


class Signer(Protocol):
    def address(self, base_url: str, path: str) -> str:
        """Where a request goes: a secret may say a part of it (a region, a project). `base_url` may be empty."""
        ...

    async def sign(
        self, method: bytes, url: Url, headers: Sequence[tuple[bytes, bytes]], body: bytes, egress: Egress
    ) -> tuple[tuple[bytes, bytes], ...]:
        """The headers to add to this one request; `UpstreamError` where a token cannot be had."""
        ...


# From a secret as it was entered; ValueError, with what is wrong with it, if it is none.
SIGNERS: Mapping[Auth, Callable[[str], Signer]] = {Auth.AWS: AwsSigner, Auth.SERVICE_ACCOUNT: google.signer}


def signer_for(auth: Auth, secret: str) -> Signer | None:
    make = SIGNERS.get(auth)
    return make(secret) if make is not None else None
