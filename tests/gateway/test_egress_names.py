"""A name is resolved, every answer checked, and only a checked address connected to."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.egress import AddressNotAllowed, ConnectFailed, Egress, Timeouts, TlsFailed, Url, UrlNotAllowed
from gateway.egress import names as naming
from tests.gateway.upstream import Visit, always, answer, post, until, upstream


class Resolver:
    """Answers in turn; the last answer stays."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
async def opened() -> AsyncIterator[list[Egress]]:
    made: list[Egress] = []
    yield made
    for one in made:
        await one.aclose()


def out(opened: list[Egress], resolver: Resolver, *allowed: str) -> Egress:
    egress = Egress(allowed=allowed or ["127.0.0.0/8"], lookup=resolver)
    opened.append(egress)
    return egress


async def test_the_name_stays_in_the_request(opened: list[Egress]) -> None:
    seen: list[bytes] = []

    async def behave(visit: Visit) -> None:
        seen.append(await visit.request())
        await visit.say(answer(b"here"))

    resolver = Resolver(["127.0.0.1"])
    async with upstream(behave) as server:
        assert await post(out(opened, resolver), server.url(host="model.test")) == b"here"
        assert b"host: model.test:%d\r\n" % server.port in seen[0]
        assert resolver.asked == [("model.test", server.port)]


async def test_a_name_is_asked_for_once_in_half_a_minute(opened: list[Egress]) -> None:
    resolver = Resolver(["127.0.0.1"])
    egress = out(opened, resolver)
    async with upstream(always(answer(b"", b"connection: close"))) as server:
        await asyncio.gather(*(post(egress, server.url(host="model.test")) for _ in range(10)))
        for _ in range(10):
            await post(egress, server.url(host="model.test"))
    assert len(resolver.asked) == 1


@pytest.mark.parametrize(
    "answers",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["127.0.0.1", "10.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "::ffff:169.254.169.254"],
        ["127.0.0.1", "64:ff9b::a9fe:a9fe"],
        ["127.0.0.1"] * 300 + ["192.168.0.1"],
        ["127.0.0.1", "fe80::1%eth0"],
        ["8.8.8.8"],  # public, but asked for in clear
    ],
)
async def test_one_bad_answer_is_enough(opened: list[Egress], answers: list[str]) -> None:
    async with upstream(always(answer())) as server:
        for _ in range(3):
            with pytest.raises(AddressNotAllowed):
                await post(out(opened, Resolver(answers)), server.url(host="model.test"))
        assert server.accepted == 0


@pytest.mark.parametrize(
    "trouble", [socket.gaierror(-2, "no such name"), UnicodeError("label too long"), OSError("SERVFAIL"), []]
)
async def test_a_name_that_is_not_there(opened: list[Egress], trouble: list[str] | Exception) -> None:
    resolver = Resolver(trouble)
    egress = out(opened, resolver)
    for _ in range(5):
        with pytest.raises(ConnectFailed, match="cannot be resolved"):
            await post(egress, Url.parse("http://nowhere.test:8999/"))
    assert len(resolver.asked) == 1, "a failure is not asked about again at once"


async def test_rebinding_reaches_nobody(opened: list[Egress], monkeypatch: pytest.MonkeyPatch) -> None:
    """First answer good, then bad: kept connections go, new ones are refused."""
    monkeypatch.setattr(naming, "FRESH", 0.0)
    resolver = Resolver(["127.0.0.1"], ["10.0.0.1"])
    egress = out(opened, resolver, "127.0.0.0/8")
    async with upstream(always(answer())) as server:
        url = server.url(host="model.test")
        await post(egress, url)
        await post(egress, url)  # on the kept connection, and looks again behind it
        await until(lambda: server.open == 0)
        with pytest.raises(AddressNotAllowed):
            await post(egress, url)
        assert server.accepted == 1


async def test_connections_follow_a_name_that_moves(
    opened: list[Egress], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "FRESH", 0.0)
    resolver = Resolver(["127.0.0.1"], ["127.0.0.2"])
    egress = out(opened, resolver)
    async with (
        upstream(always(answer(b"old"))) as old,
        upstream(always(answer(b"new")), at=("127.0.0.2", old.port)) as new,
    ):
        url = old.url(host="model.test")
        assert await post(egress, url) == b"old"
        assert await post(egress, url) == b"old"  # and looks again behind it
        await until(lambda: old.open == 0)
        assert await post(egress, url) == b"new"
        assert (old.accepted, new.accepted) == (1, 1)


async def test_a_resolver_that_fails_later_does_not_cut_what_works(
    opened: list[Egress], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "FRESH", 0.0)
    resolver = Resolver(["127.0.0.1"], OSError("SERVFAIL"))
    egress = out(opened, resolver)
    async with upstream(always(answer())) as server:
        for _ in range(10):
            await post(egress, server.url(host="model.test"))
        assert server.accepted == 1


async def test_localhost_is_never_asked_for(opened: list[Egress]) -> None:
    resolver = Resolver(["10.0.0.1"])
    async with upstream(always(answer(b"here"))) as server:
        assert await post(out(opened, resolver), server.url(host="localhost")) == b"here"
        with pytest.raises(UrlNotAllowed):
            await post(out(opened, resolver, "10.0.0.0/8"), server.url(host="localhost"))
    assert resolver.asked == []


async def test_nothing_private_without_permission(opened: list[Egress]) -> None:
    closed = Egress()
    opened.append(closed)
    async with upstream(always(answer())) as server:
        for host in ("127.0.0.1", "localhost"):
            for scheme in ("http", "https"):
                with pytest.raises(AddressNotAllowed):
                    await post(closed, server.url(host=host, scheme=scheme))
        assert server.accepted == 0


async def test_one_origin_is_our_own(opened: list[Egress]) -> None:
    async with upstream(always(answer(b"ours"))) as server, upstream(always(answer())) as other:
        egress = Egress(exempt=f"http://127.0.0.1:{server.port}")
        opened.append(egress)
        assert await post(egress, server.url()) == b"ours"
        with pytest.raises(AddressNotAllowed):
            await post(egress, other.url())
        assert other.accepted == 0


# TLS: the connection goes to the checked address, the certificate must be the name's.


class Authority:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tests")])
        self.certificate = self._signed(self._name, self._key.public_key(), is_ca=True)

    def client(self) -> ssl.SSLContext:
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def server(self, host: str, *, days: int = 1) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        certificate = self._signed(name, key.public_key(), host=host, days=days)
        place = self._folder / f"{host}.pem"
        place.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place)
        return context

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        is_ca: bool = False,
        host: str = "",
        days: int = 1,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=9))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
        )
        if is_ca:
            usage = x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            builder = builder.add_extension(usage, critical=True)
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def over_tls(opened: list[Egress], context: ssl.SSLContext) -> Egress:
    egress = Egress(allowed=["127.0.0.0/8"], ssl_context=context, lookup=Resolver(["127.0.0.1"]))
    opened.append(egress)
    return egress


async def test_tls_with_the_name_asked_for(opened: list[Egress], authority: Authority) -> None:
    asked: list[str | None] = []
    context = authority.server("model.test")
    context.sni_callback = lambda _, name, __: asked.append(name)
    egress = over_tls(opened, authority.client())
    async with upstream(always(answer(b"sealed")), tls=context) as server:
        for _ in range(3):
            assert await post(egress, server.url(host="model.test", scheme="https")) == b"sealed"
        assert (server.accepted, asked) == (1, ["model.test"])


async def test_large_bodies_over_tls(opened: list[Egress], authority: Authority) -> None:
    egress = over_tls(opened, authority.client())
    async with upstream(always(answer(b"x" * 3_000_000)), tls=authority.server("model.test")) as server:
        for _ in range(2):
            url = server.url(host="model.test", scheme="https")
            assert len(await post(egress, url, b"y" * 3_000_000)) == 3_000_000
        assert server.accepted == 1


async def test_a_certificate_of_another_name(opened: list[Egress], authority: Authority) -> None:
    egress = over_tls(opened, authority.client())
    async with upstream(always(answer()), tls=authority.server("other.test")) as server:
        with pytest.raises(TlsFailed, match=r"(?i)certificate"):
            await post(egress, server.url(host="model.test", scheme="https"))


async def test_a_certificate_of_nobody_we_trust(opened: list[Egress], authority: Authority) -> None:
    egress = over_tls(opened, ssl.create_default_context())
    async with upstream(always(answer()), tls=authority.server("model.test")) as server:
        with pytest.raises(TlsFailed):
            await post(egress, server.url(host="model.test", scheme="https"))


async def test_a_certificate_that_has_expired(opened: list[Egress], authority: Authority) -> None:
    egress = over_tls(opened, authority.client())
    async with upstream(always(answer()), tls=authority.server("model.test", days=-1)) as server:
        with pytest.raises(TlsFailed):
            await post(egress, server.url(host="model.test", scheme="https"))


async def test_a_server_that_speaks_in_clear_gets_nothing_in_clear(
    opened: list[Egress], authority: Authority
) -> None:
    got: list[bytes] = []

    async def behave(visit: Visit) -> None:
        got.append(await visit.take(16))
        await visit.say(answer(b"in clear"))

    egress = over_tls(opened, authority.client())
    async with upstream(behave) as server:
        url = server.url(host="model.test", scheme="https")
        with pytest.raises(TlsFailed):
            await post(egress, url, timeouts=Timeouts(connect=2))
    assert got
    assert b"POST" not in got[0]
