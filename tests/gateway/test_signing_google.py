"""Service accounts: what they sign, the one token that all requests share, and what happens when there is none."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from google.auth import jwt

from gateway.core.catalogue import Auth
from gateway.core.service_account import ServiceAccount, statement
from gateway.egress import Egress, Timeouts, Url
from gateway.errors import (
    CredentialUnavailable,
    ProviderCredentialsInvalid,
    UpstreamError,
    UpstreamTimeout,
)
from gateway.signing import google, signer_for
from tests.gateway.clouds import ACCOUNT, account, private_key
from tests.gateway.upstream import Visit, answer, until, upstream

PATH = "/v1beta1/publishers/google/models/m:generateContent"
PLACE = "/projects/some-project/locations/europe-west4"
ANYWHERE = Url.parse("https://x.test/")


class Tokens:
    """A token endpoint that says what it is told to say, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.status, self.body = b"200 OK", b'{"access_token":"t%d","expires_in":3600}'
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, visit: Visit) -> None:
        while True:
            self.asked.append((await visit.request()).partition(b"\r\n\r\n")[2])
            await self.open.wait()
            await visit.say(answer(self.body.replace(b"%d", b"%d" % len(self.asked)), status=self.status))


@asynccontextmanager
async def endpoint() -> AsyncIterator[tuple[Tokens, google.ServiceAccountSigner]]:
    tokens = Tokens()
    async with upstream(tokens) as server:
        yield tokens, signer(f"http://127.0.0.1:{server.port}/token")


def signer(token_uri: str, **changes: str) -> google.ServiceAccountSigner:
    made = signer_for(Auth.SERVICE_ACCOUNT, json.dumps(account(token_uri, **changes)))
    assert isinstance(made, google.ServiceAccountSigner)
    return made


async def token(of: google.ServiceAccountSigner, egress: Egress) -> bytes:
    ((name, value),) = await of.sign(b"POST", ANYWHERE, (), b"", egress)
    assert name == b"authorization"
    return value


async def test_the_statement_says_who_asks_whom_for_what_and_is_signed(egress: Egress) -> None:
    async with endpoint() as (tokens, signing):
        assert await token(signing, egress) == b"Bearer t1"
    (form,) = tokens.asked
    fields = parse_qs(form.decode())
    assert fields["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = fields["assertion"][0].split(".")
    assert decoded(head) == {"alg": "RS256", "typ": "JWT", "kid": "0123456789abcdef"}
    said = decoded(claims)
    assert said["exp"] - said["iat"] == 3_600
    assert said["iss"] == ACCOUNT
    assert said["aud"].endswith("/token")
    public_key().verify(bytes_of(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())


def test_googles_own_library_believes_the_statement() -> None:
    """A second opinion: google-auth verifies the signature, the times and the address."""
    key = load_pem_private_key(private_key().encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    of = ServiceAccount(ACCOUNT, private_key(), "p", token_uri="https://x.test/token")
    said, now = statement(of, key, now=int(time())), time()
    pem = public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(said, certs=pem, audience="https://x.test/token")  # type: ignore[no-untyped-call]
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert abs(claims["iat"] - now) < 5


async def test_one_fetch_serves_all_who_wait_and_all_who_come_later(egress: Egress) -> None:
    async with endpoint() as (tokens, signing):
        tokens.open.clear()
        waiting = [asyncio.create_task(token(signing, egress)) for _ in range(20)]
        await until(lambda: bool(tokens.asked))
        waiting[0].cancel()
        tokens.open.set()
        came = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(came[0], asyncio.CancelledError)
        assert came[1:] == [b"Bearer t1"] * 19
        assert await token(signing, egress) == b"Bearer t1"
    assert len(tokens.asked) == 1


async def test_a_token_is_replaced_before_it_expires(egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(google, "time", lambda: now)
    async with endpoint() as (tokens, signing):
        assert await token(signing, egress) == b"Bearer t1"
        now += 3_600 - google.EARLY
        assert await token(signing, egress) == b"Bearer t1"
        now += 1
        assert await token(signing, egress) == b"Bearer t2"
    assert len(tokens.asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (b"400 Bad Request", b'{"error":"invalid_grant"}', ProviderCredentialsInvalid),
        (b"401 Unauthorized", b"", ProviderCredentialsInvalid),
        (b"500 Oh", b"", UpstreamError),
        (b"302 Found", b"", UpstreamError),
        (b"200 OK", b"<html>", CredentialUnavailable),
        (b"200 OK", b"[]", CredentialUnavailable),
        (b"200 OK", b'{"access_token":"a\\r\\nb"}', CredentialUnavailable),
        (b"200 OK", b'{"access_token":"a","expires_in":"1"}', CredentialUnavailable),
    ],
)
async def test_no_token_is_an_error_of_the_provider_and_is_tried_anew(
    status: bytes, body: bytes, kind: type[UpstreamError], egress: Egress
) -> None:
    async with endpoint() as (tokens, signing):
        good = tokens.status, tokens.body
        tokens.status, tokens.body = status, body
        with pytest.raises(UpstreamError) as caught:
            await token(signing, egress)
        assert type(caught.value) is kind
        assert private_key().splitlines()[1] not in repr(caught.value)
        tokens.status, tokens.body = good
        assert await token(signing, egress) == b"Bearer t2"


async def test_an_endpoint_that_is_not_to_be_reached() -> None:
    closed = Egress()  # the loopback is not among what may be reached
    with pytest.raises(UpstreamError, match="The provider"):
        await token(signer("http://127.0.0.1:9/token"), closed)
    await closed.aclose()


async def test_an_endpoint_that_says_nothing(egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "PATIENCE", Timeouts(connect=1, first_byte=0.05, idle=1, total=1))
    async with endpoint() as (tokens, signing):
        tokens.open.clear()
        with pytest.raises(UpstreamTimeout):
            await token(signing, egress)
        tokens.open.set()


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("", f"https://europe-west4-aiplatform.googleapis.com/v1beta1{PLACE}"),
        ("https://x.test", f"https://x.test/v1beta1{PLACE}"),
        ("https://x.test/v1", f"https://x.test/v1{PLACE}"),
        ("https://x.test/v1/projects/a/locations/b", "https://x.test/v1/projects/a/locations/b"),
    ],
)
def test_project_and_place_stand_in_the_address(base: str, address: str) -> None:
    said = signer("https://x.test/token").address(base, PATH)
    assert said == f"{address}/publishers/google/models/m:generateContent"


def test_the_global_place_has_no_name_of_its_own() -> None:
    said = signer("https://x.test/token", location="global").address("", PATH)
    assert said.startswith(
        "https://aiplatform.googleapis.com/v1beta1/projects/some-project/locations/global/"
    )


async def test_a_key_stands_for_itself(egress: Egress) -> None:
    express = signer_for(Auth.SERVICE_ACCOUNT, "AQ.some-key")
    assert isinstance(express, google.ExpressKey)
    assert express.address("", PATH) == f"https://aiplatform.googleapis.com{PATH}"
    assert await express.sign(b"POST", ANYWHERE, (), b"", egress) == ((b"x-goog-api-key", b"AQ.some-key"),)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("{", "not a service account's key file"),
        ("{}", "not a service account's key file"),
        (json.dumps({"client_email": "a", "private_key": "b", "project_id": "c"}), "cannot be read"),
    ],
)
def test_what_is_no_key_file_says_so_without_repeating_it(secret: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        google.signer(secret)
    assert caught.value.__cause__ is None
    assert "***" in repr(ServiceAccount("a", "secret", "p"))


def decoded(part: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(bytes_of(part))
    return said


def bytes_of(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def public_key() -> RSAPublicKey:
    key = load_pem_private_key(private_key().encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key.public_key()
