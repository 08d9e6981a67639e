"""Our signatures are botocore's."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.sigv4 import KeyPair, key_pair_of, region_of, sign
from gateway.core.url import Url

ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUC=="
NOW = datetime(2026, 11, 24, 12, 34, 56, tzinfo=UTC)
HOST = "https://bedrock-runtime.eu-central-1.amazonaws.com"
MODEL = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"


def theirs(method: str, url: str, body: bytes, keys: KeyPair, headers: dict[str, str]) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token or None)
    with patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        SigV4Auth(credentials, "bedrock", region_of(Url.parse(url).host)).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items() if name not in headers}


def ours(method: str, url: str, body: bytes, keys: KeyPair, headers: dict[str, str]) -> dict[str, str]:
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    signed = sign(method, Url.parse(url), given, body, keys, service="bedrock", at=NOW)
    return {name.decode(): value.decode() for name, value in signed}


@pytest.mark.parametrize("token", ["", TOKEN], ids=["lasting", "expiring"])
@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", HOST + MODEL, b'{"messages":[]}'),
        ("POST", HOST + "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ax%2Fab0/converse-stream", "é".encode()),
        ("POST", "http://127.0.0.1:8090/bedrock" + MODEL, b"{}"),
        ("GET", "https://bedrock.us-gov-west-1.amazonaws.com/foundation-models", b""),
        ("GET", HOST + "/x?b=2&a=1%2F&a=0&empty=&c=~", b""),
    ],
)
def test_signatures_are_those_of_another_implementation(
    method: str, url: str, body: bytes, token: str
) -> None:
    keys = KeyPair(ID, SECRET, token)
    headers = {"content-type": "application/json"} if body else {}
    assert ours(method, url, body, keys, headers) == theirs(method, url, body, keys, headers)


@given(
    body=st.binary(max_size=200),
    model=st.text("abcAZ019.:-_/~ ", min_size=1, max_size=30).filter(lambda name: set(name) != {"."}),
    secret=st.text("abcXYZ0189/+", min_size=16, max_size=60),
)
def test_whatever_is_signed(body: bytes, model: str, secret: str) -> None:
    keys, url = KeyPair(ID, secret, TOKEN), f"{HOST}/model/{quote(model, safe='')}/converse"
    headers = {"content-type": "application/json"}
    assert ours("POST", url, body, keys, headers) == theirs("POST", url, body, keys, headers)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("bedrock-runtime.ap-southeast-2.api.aws", "ap-southeast-2"),
        ("vpce-0a1b-2c3d.bedrock-runtime.eu-west-3.vpce.amazonaws.com", "eu-west-3"),
        ("127.0.0.1", "us-east-1"),
        ("gateway.example.org", "us-east-1"),
    ],
)
def test_the_region_is_in_the_address(host: str, region: str) -> None:
    assert region_of(host) == region


def test_a_key_pair_is_written_with_colons() -> None:
    assert key_pair_of(f"{ID}:{SECRET}") == KeyPair(ID, SECRET)
    expiring = key_pair_of(f"ASIAIOSFODNN7EXAMPLE:{SECRET}:{TOKEN}")
    assert expiring == KeyPair("ASIAIOSFODNN7EXAMPLE", SECRET, TOKEN)
    assert expiring is not None
    assert key_pair_of(expiring.written) == expiring
    assert key_pair_of("ABSKQmVkcm9ja0FQSUtleS1EXAMPLE0123456789abcdefghij=") is None


def test_a_key_pair_does_not_show_itself() -> None:
    assert repr(KeyPair(ID, SECRET, TOKEN)) == "KeyPair(***)"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (ID, "half of a key pair"),
        (SECRET, "half of a key pair"),
        (f"{SECRET}:{ID}", "the access key id before the first colon"),
        (f"{ID}:short", "the secret access key"),
        (f"{ID}:{SECRET}:", "the session token"),
        (f"{ID}:{SECRET}:with space", "the session token"),
        (f"ASIAIOSFODNN7EXAMPLE:{SECRET}", "needs its session token"),
    ],
)
def test_what_is_no_key_pair_is_refused_without_repeating_it(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint) as refused:
        key_pair_of(text)
    assert SECRET not in str(refused.value)
