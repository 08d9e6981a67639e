"""What there is: the OpenAPI document, and a plain no to every other address."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from console.api.endpoint import Endpoint
from console.api.schema import document


class OpenApi(Endpoint):
    """Open to all: it describes the product and nobody's data."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    schema = None

    def get(self, request: Request) -> Response:
        return Response(document())


class Nothing(Endpoint):
    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404
