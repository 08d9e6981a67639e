"""`exports/ledger` and `exports/focus`: the lines of the ledger as CSV, streamed."""

from __future__ import annotations

from typing import Any

from django.http import Http404, StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from billing.exports import Form
from console.api.asking import ASKED, question
from console.api.endpoint import Call, Endpoint, operation
from console.api.wire import JsonRenderer
from console.reports.streaming import exported
from console.tenancy import Role


class CsvRenderer(BaseRenderer):
    """Only says that CSV may be asked for: the answer is streamed past it."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *_: object, **__: object) -> bytes:
        raise NotImplementedError


class Exports(Endpoint):
    renderer_classes = (JsonRenderer, CsvRenderer)

    @operation(Role.VIEWER, params=ASKED)
    def get(self, call: Call, form: str) -> StreamingHttpResponse:
        """CSV, a row a line of the ledger: `ledger` as we keep it, `focus` in the columns of FOCUS 1.2.

        `X-Rungway-Unpriced-Attempts` counts attempts without a known price: they have no amount, and no row in
        `focus`.
        """
        if form not in set(Form):
            raise Http404
        return exported(self.request._request, call.tenant, question(call), Form(form))
