"""URLs that must not be saved, and addresses that must not be connected to."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.addresses import NEVER, Boundary, UrlNotAllowed, check_url, is_closed, unwrapped
from gateway.core.url import Url, parse

SYNTAX = [
    "",
    "//host/v1",
    "api.test/v1",
    "https:/api.test",
    "https://",
    "https:///v1",
    "https://?q",
    "ftp://api.test/",
    "file:///etc/passwd",
    "gopher://api.test/",
    "data:text/plain,x",
    "unix:/run/x.sock",
    "javascript:alert(1)",
    "ws://api.test/",
    "https://api.test/" + "a" * 9_000,
    "https://good.com@127.0.0.1",
    "https://user:pass@api.test/",
    "https://@api.test/",
    "https://127.0.0.1#@good.com",
    "https://api.test/#fragment",
    "https://good.com\\@127.0.0.1",
    "https:\\\\api.test",
    "https://good.com%00.evil",
    "https://%6c%6f%63alhost/",
    "https://api\t.test/",
    "https://api.test/\n",
    "https://api.test/a b",
    " https://api.test/",
    "https://api.test/\r\nhost: evil",
    "https://api.test/\0",
    "https://аpi.openai.com/",  # a Cyrillic а
    "https://①②⑦.⓪.⓪.①/",
    "https://api。test/",
    "https://api.test./",
    "https://api..test/",
    "https://.api.test/",
    "https://-api.test/",
    "https://api-.test/",
    "https://api.test:/",
    "https://api.test:0/",
    "https://api.test:99999/",
    "https://api.test:80:80/",
    "https://api.test:+443/",
    "https://api.test:４４３/",
    "https://api.test:443x/",
    "https://" + "a" * 64 + ".test/",
    "https://" + "a.b" * 100 + "/",
    "https://[::1/",
    "https://::1/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[127.0.0.1]/",
    "https://[]/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://127.0.0.1.5/",
    "https://0/",
    "https://1.2.3/",
    "https://api.0x/",
    "https://a.1/",
    "https://{}/",
    "https://a$b/",
    "https://api.test,evil.test/",
]
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1",
    "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.127.255.255", "169.254.1.1", "192.0.0.8", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16",
    "::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1", "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::", "fe80::1",
    "fc00::1", "fd00:ec2::254", "fd12:3456::1", "fec0::1", "ff02::1", "2001::1", "2001:0:7f00:1::", "2001:10::1",
    "2001:20::1", "2001:db8::1", "3fff::1", "100::1", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1",
    "4000::1", "5f00::1", "8000::1", "e000::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "104.18.7.192", "162.159.140.245", "172.15.255.255", "172.32.0.1", "100.63.255.255",
    "100.128.0.1", "169.253.1.1", "192.0.1.1", "198.17.1.1", "198.20.1.1", "223.255.255.255", "2606:4700::6812:7c0",
    "2a06:98c1:3200::1", "2001:4860:4860::8888", "2001:200::1", "64:ff9b::808:808", "::ffff:8.8.8.8",
]  # fmt: skip
NAMES = [
    "https://localhost/",
    "https://LOCALHOST/",
    "https://app.localhost/",
    "https://metadata/",
    "https://metadata.google.internal/",
    "https://METADATA.Google.Internal/computeMetadata/v1/",
    "https://instance-data/",
    "https://kubernetes.default.svc/",
    "https://vllm/",
    "https://printer.local/",
    "https://db.corp.internal/",
    "https://x.svc.cluster.local/",
    "https://router.lan/",
    "https://nas.home.arpa/",
]
PORTS = [22, 25, 80, 5432, 6379, 8080, 9200, 11211, 65535]


@pytest.mark.parametrize("text", SYNTAX)
def test_what_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(UrlNotAllowed):
        check_url(text, allowed=["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_no_providers(address: str) -> None:
    with pytest.raises(UrlNotAllowed):
        check_url(literal("https", address))
    with pytest.raises(UrlNotAllowed):
        Boundary().check_address(parse("https://name.test/"), ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_may_be_providers(address: str) -> None:
    check_url(literal("https", address))
    Boundary().check_address(parse("https://name.test/"), ip_address(address))


@pytest.mark.parametrize("url", NAMES)
def test_names_that_lead_inside(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        check_url(url)


@pytest.mark.parametrize("port", PORTS)
def test_ports_of_other_services(port: int) -> None:
    with pytest.raises(UrlNotAllowed, match="port"):
        check_url(f"https://api.test:{port}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "https://API.OpenAI.com/v1",
        "https://api.openai.com:443/v1?beta=true",
        "https://example.com:8443",
        "https://my-resource.openai.azure.com/openai/deployments/gpt_4o/",
        "https://xn--pi-6kc.example/",
        "https://bedrock-runtime.us-east-1.amazonaws.com",
    ],
)
def test_providers(url: str) -> None:
    check_url(url)


def test_plain_http_is_for_allowed_networks_only() -> None:
    for url in ("http://api.openai.com/v1", "http://8.8.8.8/", "http://10.0.0.5:8000/"):
        with pytest.raises(UrlNotAllowed):
            check_url(url)
    check_url("http://10.0.0.5:8000/v1", allowed=["10.0.0.0/8"])
    check_url("http://vllm:8000/v1", allowed=["10.0.0.0/8"])  # what it leads to is checked on connecting
    check_url("http://127.0.0.1:9999/", allowed=["127.0.0.0/8"])
    check_url("http://localhost:9999/", allowed=["127.0.0.0/8"])
    check_url("http://[::1]:9999/", allowed=["::1/128"])
    for url in ("http://8.8.8.8/", "http://10.0.0.5:6379/", "http://192.168.0.1/", "http://localhost:8000/"):
        with pytest.raises(UrlNotAllowed):
            check_url(url, allowed=["10.0.0.0/8"])


def test_a_name_is_checked_for_where_it_leads() -> None:
    boundary, plain = Boundary.of(["10.0.0.0/8"]), parse("http://vllm.test:8000/")
    boundary.check_address(plain, ip_address("10.1.2.3"))
    for elsewhere in ("8.8.8.8", "192.168.0.1", "127.0.0.1", "169.254.169.254", "::1"):
        with pytest.raises(UrlNotAllowed):
            boundary.check_address(plain, ip_address(elsewhere))
    with pytest.raises(UrlNotAllowed, match="port"):
        boundary.check_address(parse("https://api.test:8000/"), ip_address("8.8.8.8"))


@pytest.mark.parametrize("address", sorted(map(str, NEVER)))
def test_nothing_opens_what_hands_out_credentials(address: str) -> None:
    with pytest.raises(UrlNotAllowed):
        check_url(literal("http", address), allowed=["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize(
    "wrapped", ["2002:a00:1::", "64:ff9b::a00:1", "2001:0:1:1::f5ff:fffe", "2606:4700::5efe:a00:1", "::a00:1"]
)
def test_an_allowed_network_is_not_reached_through_a_tunnel(wrapped: str) -> None:
    assert unwrapped(ip_address(wrapped)) == ip_address("10.0.0.1")
    with pytest.raises(UrlNotAllowed):
        check_url(literal("http", wrapped), allowed=["10.0.0.0/8"])
    check_url(literal("http", "::ffff:10.0.0.1"), allowed=["10.0.0.0/8"])  # that is the address itself


def test_one_origin_is_our_own() -> None:
    check_url("http://127.0.0.1:8090/openai/v1", exempt="http://127.0.0.1:8090")
    for other in ("http://127.0.0.1:8091/", "https://127.0.0.1:8090/", "http://127.0.0.2:8090/"):
        with pytest.raises(UrlNotAllowed):
            check_url(other, exempt="http://127.0.0.1:8090")


def test_the_pieces_of_a_url() -> None:
    assert parse("HTTPS://API.Test/v1/x?y=1&z") == Url(
        "https", "api.test", 443, b"/v1/x?y=1&z", b"api.test", ("https", "api.test", 443)
    )
    assert parse("http://[2001:DB8::1]:8000") == Url(
        "http", "2001:db8::1", 8000, b"/", b"[2001:db8::1]:8000", ("http", "2001:db8::1", 8000)
    )
    assert parse("https://a.test:443/").authority == b"a.test"
    assert parse("https://a.test?x").target == b"/?x"


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_a_closed_address_is_refused_however_it_is_written(address: object) -> None:
    one = ip_address(str(address))
    one = getattr(one, "ipv4_mapped", None) or one
    if is_closed(one) or is_closed(unwrapped(one)):
        with pytest.raises(UrlNotAllowed):
            check_url(literal("https", str(one)))


@given(st.text(max_size=80) | st.from_regex(r"https?://[!-~]{0,60}", fullmatch=True))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        url = parse(text)
    except UrlNotAllowed:
        return
    assert parse(f"{url.scheme}://{url.authority.decode()}{url.target.decode()}") == url


numeric_hosts = st.lists(
    st.one_of(
        st.integers(0, 2**32).map(str),
        st.integers(0, 2**32).map(hex),
        st.integers(0, 2**16).map(oct).map(lambda text: text.replace("0o", "0")),
        st.sampled_from(["127", "0", "00", "0x", "1e3", "٣"]),
    ),
    min_size=1,
    max_size=5,
).map(".".join)


@given(numeric_hosts)
def test_no_number_is_a_name_to_us_and_an_address_to_the_resolver(host: str) -> None:
    try:
        url = parse(f"https://{host}/")
    except UrlNotAllowed:
        return
    try:
        found = socket.getaddrinfo(host, 443, flags=socket.AI_NUMERICHOST)
    except OSError:
        return
    assert {str(answer[4][0]) for answer in found} == {url.host}


def literal(scheme: str, address: str) -> str:
    return f"{scheme}://[{address}]/" if ":" in address else f"{scheme}://{address}/"
