"""Keys, addresses and limits as people enter them, by form, REST or file: trimmed, or refused with a hint.

A refusal never repeats what was entered.
"""

from __future__ import annotations

import json
import re

from django.conf import settings
from django.core.exceptions import ValidationError

from console.catalogue.builtin import Vendor
from console.keys.sealing import Secret
from gateway.core.addresses import UrlNotAllowed, check_url
from gateway.core.catalogue import SPOKEN, Auth
from gateway.core.secrets import MAX_LENGTH, MIN_LENGTH
from gateway.core.service_account import account_of
from gateway.core.sigv4 import aws_secret_of

LONGEST_SECRET = 8_192
SIMULATED = re.compile(r"simulator:(/[A-Za-z0-9._-]+)+/?")
PRINTABLE = re.compile(r"[!-~]+")
VERSION = re.compile(r"api-version=[0-9a-z-]{1,32}")


def provider_secret(text: str, vendor: Vendor) -> Secret | None:
    """None for a provider that wants no key."""
    text = text.strip()
    if not text:
        if vendor.self_hosted or vendor.auth is Auth.NONE:
            return None
        raise ValidationError(f"Enter the key that {vendor.name} gave you.")
    if len(text) > LONGEST_SECRET:
        raise ValidationError(f"A key has at most {LONGEST_SECRET} characters: this is something else.")
    if vendor.auth is Auth.AWS:
        return Secret(_aws_secret(text))
    if text.startswith("{") and vendor.auth is Auth.SERVICE_ACCOUNT:
        return Secret(_account(text))
    if text.startswith("{") and vendor.dialect not in SPOKEN:
        return Secret(_structured(text))
    if text.lower().startswith("bearer "):
        raise ValidationError("Leave out the word Bearer: enter the key alone.")
    if text.startswith(("{", "[")):
        raise ValidationError(f"{vendor.name} takes a plain key, and this is JSON.")
    if not PRINTABLE.fullmatch(text):
        raise ValidationError("A key is one word without spaces or line breaks: copy it again.")
    return Secret(text)


def check_region(secret: Secret | None, base_url: str, vendor: Vendor) -> None:
    """A cloud has an address in every region: one of the two says which is meant."""
    if vendor.auth is Auth.AWS and secret and not base_url and not aws_secret_of(secret.reveal).region:
        raise ValidationError(
            {
                "base_url": f"Where does {vendor.name} run for you? Enter the base URL of your region, or the region "
                "before the key: region/access key id:secret access key."
            }
        )


def base_url(text: str, vendor: Vendor) -> str:
    """Empty where the provider's own is meant."""
    text = text.strip()
    if not text:
        if not vendor.base_url and vendor.dialect in SPOKEN and not vendor.auth.signs:
            raise ValidationError(f"{vendor.name} runs at an address of your own: enter its base URL.")
        return ""
    if text.startswith("simulator:"):
        return _simulated(text)
    try:
        check_url(text, allowed=settings.ALLOWED_PRIVATE_NETWORKS, exempt=settings.SIMULATOR_URL or "")
    except UrlNotAllowed as reason:
        raise ValidationError(f"This base URL cannot be used: {reason}.")
    address, _, query = text.partition("?")
    if query and not VERSION.fullmatch(query):
        raise ValidationError(
            "A base URL has no query but an api-version: leave out the question mark and what follows."
        )
    return address.rstrip("/") + (f"?{query}" if query else "")


def own_secret(text: str) -> Secret:
    """A gateway key that the tenant chose itself, so as to move here without changing an application."""
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        raise ValidationError(f"A key of your own has {MIN_LENGTH} to {MAX_LENGTH} characters.")
    if not PRINTABLE.fullmatch(text):
        raise ValidationError("A key is one word of letters, digits and signs, without spaces.")
    if len(set(text)) < 6:
        raise ValidationError("This key is too easy to guess: use a random one.")
    return Secret(text)


def _simulated(text: str) -> str:
    if not settings.SIMULATOR_URL:
        raise ValidationError("No simulated providers run here: SIMULATOR_URL is not set.")
    if not SIMULATED.fullmatch(text) or ".." in text:
        raise ValidationError("Write a simulated provider as simulator:/openai/v1 or simulator:/anthropic.")
    return text.rstrip("/")


def _aws_secret(text: str) -> str:
    """In one word, however it was entered."""
    text = _structured(text) if text.startswith("{") else text
    try:
        written = aws_secret_of(text).written
    except ValueError as reason:
        raise ValidationError(f"This is no key: {reason}.")
    if not PRINTABLE.fullmatch(written):
        raise ValidationError("A key is one word without spaces or line breaks: copy it again.")
    return written


def _account(text: str) -> str:
    """A key file, whose private key can be read."""
    text = _structured(text)
    try:
        account_of(text)
    except ValueError as reason:
        raise ValidationError(f"This is no key: {reason}.")
    return text


def _structured(text: str) -> str:
    """Checked to be an object of texts, and kept as it was meant: without line breaks."""
    try:
        values = json.loads(text)
    except ValueError:
        raise ValidationError("This begins like JSON and is not: copy it again, from { to }.")
    if not isinstance(values, dict) or not all(isinstance(value, str) and value for value in values.values()):
        raise ValidationError("This JSON must be one object whose values are all texts.")
    return json.dumps(values)
