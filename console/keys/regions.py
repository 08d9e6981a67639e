"""In which region a provider serves a key: as entered, else as its address or the key itself says."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from console.catalogue.builtin import Vendor
from console.catalogue.specs import WORD
from console.keys.sealing import Secret
from gateway.core.catalogue import Auth
from gateway.core.sigv4 import aws_secret_of

# As clouds write it in a host name: us-east-1, europe-west4, us-gov-west-1.
_PLACE = "us|eu|ap|sa|ca|me|af|il|mx|cn|europe|asia|australia|northamerica|southamerica|africa"
_IN_HOST = re.compile(rf"(?<![a-z0-9-])(?:{_PLACE})(?:-[a-z]+){{1,2}}-?[0-9]{{1,2}}(?![a-z0-9])")


def region(text: str) -> str:
    text = text.strip().lower()
    if text and not WORD.fullmatch(text):
        raise ValidationError("Write the region as the provider does: us-east-1, europe-west4, eu.")
    return text


def told(base_url: str, secret: Secret | None, vendor: Vendor) -> str:
    """Empty where neither says."""
    host = base_url.partition("://")[2].partition("/")[0]
    if found := _IN_HOST.search(host):
        return found.group()
    if vendor.auth is Auth.AWS and secret and not base_url:
        return aws_secret_of(secret.reveal).region
    return ""
