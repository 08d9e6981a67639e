"""Who calls: a program with an admin token, as often as is sensible."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from console.keys import selectors
from console.keys.models import AdminToken

PER_MINUTE = 3_000
LONGEST = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Program:
    """Stands where Django expects a user."""

    token: AdminToken
    is_authenticated: bool = True


class ByToken(BaseAuthentication):
    """One answer to a token that is missing, malformed, unknown, revoked or expired."""

    def authenticate(self, request: Request) -> tuple[Program, AdminToken]:
        scheme, _, value = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer" or not 0 < len(value) <= LONGEST or not value.isascii():
            raise self.refusal()
        token = selectors.admin_token(value.decode().strip())
        if token is None:
            raise self.refusal()
        return Program(token), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="rungway"'

    def refusal(self) -> AuthenticationFailed:
        return AuthenticationFailed(
            "Send a valid admin token as Authorization: Bearer rwa_….", code="not_authenticated"
        )


def token_of(request: Request) -> AdminToken:
    assert isinstance(request.auth, AdminToken)
    return request.auth


class PerToken(BaseThrottle):
    """Counts calls in windows of a minute."""

    WINDOW = 60

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = f"api:{token_of(request).pk}"
        try:
            cache.add(key, 0, timeout=self.WINDOW)
            return cache.incr(key) <= PER_MINUTE
        except ValueError:  # the window ended between the two
            return True
        except RedisError as error:
            # A limit for manners' sake is no reason to lock administrators out.
            log.warning("Calls of the API are not counted: %s", error)
            return True

    def wait(self) -> float:
        return self.WINDOW
