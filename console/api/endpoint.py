"""One way to answer for every noun: who may, what is taken, what is given; then a function over the slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Protocol

import msgspec
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.api import errors
from console.api.schema import Operation, Param, Schema
from console.api.token import ByToken, PerToken, token_of
from console.api.wire import JsonParser, JsonRenderer, Negotiation
from console.audit.actor import Actor
from console.keys.actions import admin_tokens
from console.tenancy import Role, within
from console.tenants.models import Tenant

type Params = Mapping[str, Sequence[str]]
type Preparation = Callable[[Any, Mapping[str, Any]], object]


class Endpoint(APIView):
    """The base of all: JSON in, JSON out, by token, closed to browsers."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (ByToken,)
    permission_classes: Any = (IsAuthenticated,)
    throttle_classes: Any = (PerToken,)
    parser_classes: Any = (JsonParser,)
    renderer_classes: Any = (JsonRenderer,)
    content_negotiation_class = Negotiation
    http_method_names: Any = ("get", "head", "post", "put", "patch", "delete")
    schema: Any = Schema()

    def finalize_response(
        self, request: Request, response: Response, *args: object, **kwargs: object
    ) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"  # some answers hold a secret, this once
        return final

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response | None]:
        return errors.answer


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that may be answered. The tenant is the token's; nothing in a request can name another."""

    tenant: Tenant
    acting: Actor
    params: Params
    version: int | None = None  # of what is being changed, by `If-Match`

    def param(self, name: str) -> str:
        return next(reversed(self.params.get(name, ())), "")

    def switch(self, name: str) -> bool:
        return self.param(name).lower() in {"1", "true", "yes"}


class Handler(Protocol):
    operation: Operation

    def __call__(self, endpoint: Any, request: Request, /, **path: Any) -> Response: ...


def operation[**P](
    role: Role, *, gives: Any = None, status: int = 200, params: Sequence[Param] = ()
) -> Callable[[Callable[Concatenate[Any, Call, P], object]], Handler]:
    """Without a body."""
    meant = Operation(role=role, takes=None, gives=gives, status=status, params=tuple(params))

    def decorate(handler: Callable[Concatenate[Any, Call, P], object]) -> Handler:
        @wraps(handler)
        def answer(endpoint: Endpoint, request: Request, /, *args: P.args, **path: P.kwargs) -> Response:
            call = _call(request, meant, path)
            return _answered(request, meant, lambda: handler(endpoint, call, *args, **path))

        answer.operation = meant  # type: ignore[attr-defined]
        return answer  # type: ignore[return-value]

    return decorate


def submission[T, **P](
    role: Role,
    *,
    takes: type[T],
    gives: Any,
    status: int = 200,
    params: Sequence[Param] = (),
    prepare: Preparation = lambda body, path: body,
) -> Callable[[Callable[Concatenate[Any, Call, T, P], object]], Handler]:
    """With a body; `prepare` may bring what was sent into the shape that is taken."""
    meant = Operation(role=role, takes=takes, gives=gives, status=status, params=tuple(params))

    def decorate(handler: Callable[Concatenate[Any, Call, T, P], object]) -> Handler:
        @wraps(handler)
        def answer(endpoint: Endpoint, request: Request, /, *args: P.args, **path: P.kwargs) -> Response:
            call = _call(request, meant, path)
            given = converted(prepare(request.data, path), takes)
            return _answered(request, meant, lambda: handler(endpoint, call, given, *args, **path))

        answer.operation = meant  # type: ignore[attr-defined]
        return answer  # type: ignore[return-value]

    return decorate


def converted[T](body: object, shape: type[T]) -> T:
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        raise errors.misfit(error) from None


def named(field: str, *, path_name: str = "") -> Preparation:
    """For PUT: the name in the address stands for the one in the body, which may repeat it."""

    def prepare(body: Any, path: Mapping[str, Any]) -> object:
        if not isinstance(body, dict):
            return body
        name = path[path_name or field]
        if body.get(field, name) != name:
            raise errors.invalid(field, "Another name than in the address: make a new one instead.")
        return {**body, field: name}

    return prepare


def alone(field: str) -> Preparation:
    """What is one list may also come as that list."""
    return lambda body, path: {field: body} if isinstance(body, list) else body


def _call(request: Request, meant: Operation, path: Mapping[str, object]) -> Call:
    token, params = token_of(request), dict(request.query_params.lists())
    role = Role(token.role)
    if role < meant.role:
        raise PermissionDenied(f"This needs the role {meant.role}; the token's is {role}.")
    if any("\0" in str(value) for value in path.values()):
        raise Http404
    for name, values in params.items():
        if not meant.knows(name):
            raise errors.invalid(name[:100], "There is no such parameter here.")
        if any("\0" in value for value in values):
            raise errors.invalid(name, "This holds a NUL character.")
    return Call(
        tenant=token.tenant,
        acting=Actor.token(token.name, role=role),
        params=params,
        version=_version(request.headers.get("If-Match", "")),
    )


def _version(etag: str) -> int | None:
    number = etag.removeprefix("W/").strip('"')
    if etag in {"", "*"}:
        return None
    if not number.isascii() or not number.isdigit():
        raise errors.invalid("If-Match", "Not a version that was given out as an ETag.")
    return int(number)


def _answered(request: Request, meant: Operation, handle: Callable[[], object]) -> Response:
    token = token_of(request)
    with within(token.tenant):
        given = handle()
        admin_tokens.used(token, now=timezone.now())
    return given if isinstance(given, HttpResponseBase) else Response(given, status=meant.status)  # type: ignore[return-value]
