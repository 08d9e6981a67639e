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

from gateway.core.sigv4 import AwsSecret, KeyPair, aws_secret_of, region_of, shown, sign
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
        SigV4Auth(credentials, "bedrock", region_of(Url.parse(url).host) or "us-east-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items() if name not in headers}


def ours(method: str, url: str, body: bytes, keys: KeyPair, headers: dict[str, str]) -> dict[str, str]:
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    signed = sign(method, Url.parse(url), given, body, keys, at=NOW)
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
        ("127.0.0.1", ""),
        ("gateway.example.org", ""),
    ],
)
def test_the_region_is_in_the_address(host: str, region: str) -> None:
    assert region_of(host) == region


API_KEY = "ABSKQmVkcm9ja0FQSUtleS1EXAMPLE0123456789abcdefghij="


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"{ID}:{SECRET}", AwsSecret(keys=KeyPair(ID, SECRET))),
        (
            f"ASIAIOSFODNN7EXAMPLE:{SECRET}:{TOKEN}",
            AwsSecret(keys=KeyPair("ASIAIOSFODNN7EXAMPLE", SECRET, TOKEN)),
        ),
        (f"eu-west-3/{ID}:{SECRET}", AwsSecret(region="eu-west-3", keys=KeyPair(ID, SECRET))),
        (API_KEY, AwsSecret(api_key=API_KEY)),
        (f"us-gov-west-1/{API_KEY}", AwsSecret(region="us-gov-west-1", api_key=API_KEY)),
    ],
)
def test_a_secret_is_written_in_one_word(text: str, secret: AwsSecret) -> None:
    assert aws_secret_of(text) == secret
    assert secret.written == text
    assert repr(secret) == "AwsSecret(***)"
    assert repr(secret.keys) in {"KeyPair(***)", "None"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            f'{{"access_key_id": "{ID}", "secret_access_key": "{SECRET}", "region": "us-east-1"}}',
            f"us-east-1/{ID}:{SECRET}",
        ),
        (
            f'{{"AccessKeyId": "{ID}", "SecretAccessKey": "{SECRET}", "SessionToken": "{TOKEN}", "Expiration": "x"}}',
            f"{ID}:{SECRET}:{TOKEN}",
        ),
        (
            f'{{"AWS_ACCESS_KEY_ID": "{ID}", "AWS_SECRET_ACCESS_KEY": "{SECRET}", "AWS_REGION": "eu-west-3"}}',
            f"eu-west-3/{ID}:{SECRET}",
        ),
        (f'{{"api_key": "{API_KEY}", "region": "eu-west-3"}}', f"eu-west-3/{API_KEY}"),
    ],
)
def test_json_is_read_as_command_lines_print_it(text: str, written: str) -> None:
    assert aws_secret_of(text).written == written


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("", ""),
        ("eu-west-3", "https://bedrock-runtime.eu-west-3.amazonaws.com"),
        ("cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_region_has_an_address(region: str, endpoint: str) -> None:
    assert AwsSecret(region=region, api_key=API_KEY).endpoint == endpoint


def test_the_secrets_region_holds_where_the_address_names_none() -> None:
    def scope(url: str) -> str:
        secret = AwsSecret(region="eu-west-3", keys=KeyPair(ID, SECRET))
        return dict(shown("POST", Url.parse(url), [], b"", secret, at=NOW))[b"authorization"].decode()

    assert "/20261124/eu-west-3/bedrock/" in scope("http://127.0.0.1:8090/bedrock/model/a/converse")
    assert "/20261124/eu-central-1/bedrock/" in scope(HOST + MODEL)


def test_an_api_key_is_shown_as_it_is() -> None:
    said = shown("POST", Url.parse(HOST + MODEL), [], b"", AwsSecret(api_key=API_KEY), at=NOW)
    assert said == ((b"authorization", b"Bearer " + API_KEY.encode()),)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (ID, "half of a key pair"),
        (f'{{"access_key_id": "{ID}", "secret_access_key": 1, "x": "{SECRET}"}}', "no object of texts"),
        (f'{{"secret_access_key": "{SECRET}"}}', "the access key id"),
        (SECRET, "half of a key pair"),
        (f"{SECRET}:{ID}", "the access key id, of capitals"),
        (f"{ID}:", "the secret access key"),
        (f"{ID}:not allowed", "the secret access key"),
        (f"{ID}:{SECRET}:", "the session token"),
        (f"{ID}:{SECRET}:with space", "the session token"),
        (f"ASIAIOSFODNN7EXAMPLE:{SECRET}", "needs its session token"),
    ],
)
def test_what_is_none_is_refused_without_repeating_it(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint) as refused:
        aws_secret_of(text)
    assert SECRET not in str(refused.value)
