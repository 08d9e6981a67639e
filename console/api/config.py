"""`config`: the whole tenant as one document, the same as `manage.py export` and `apply`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from msgspec import Struct
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.errors import invalid
from console.api.schema import Param
from console.api.wire import JsonParser, JsonRenderer, body_of
from console.configuration import document
from console.configuration.apply import apply
from console.configuration.document import Document
from console.configuration.export import document_of
from console.tenancy import Role


class YamlParser(BaseParser):
    media_type = "application/yaml"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return document.parse(body_of(stream).decode())
        except UnicodeDecodeError:
            raise invalid("body", "The body is not UTF-8.") from None


class YamlRenderer(BaseRenderer):
    media_type = "application/yaml"
    format = "yaml"

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str:
        return document.render(data)  # type: ignore[arg-type]


class Applied(Struct, frozen=True, kw_only=True):
    """`changes` in words; `made` are gateway keys that were generated, by name, shown this once."""

    changes: tuple[str, ...]
    dry_run: bool
    made: Mapping[str, str]


class Config(Endpoint):
    parser_classes = (JsonParser, YamlParser)
    renderer_classes = (JsonRenderer, YamlRenderer)

    @operation(Role.VIEWER, gives=Document)
    def get(self, call: Call) -> Document:
        """Secrets read `{keep: true}`; putting it back changes nothing. `Accept: application/yaml` gives YAML."""
        return document_of(call.tenant)

    @submission(
        Role.ADMIN,
        takes=Document,
        gives=Applied,
        params=(
            Param("dry_run", "1: say what would change, and change nothing.", bool),
            Param("prune", "1: also remove what is not listed.", bool),
        ),
        prepare=lambda body, path: body if isinstance(body, Document) else document.convert(body),
    )
    def put(self, call: Call, given: Document) -> Applied:
        """All of it or nothing. What is left out stays as it is; `{env: …}` is for the command line only."""
        if given.tenant != call.tenant.slug:
            raise invalid("tenant", f"This token is of {call.tenant.slug}, and can change no other tenant.")
        dry_run = call.switch("dry_run")
        # Nobody reads the server's environment through a document.
        applied = apply(given, acting=call.acting, dry_run=dry_run, prune=call.switch("prune"), environ={})
        made = {} if dry_run else applied.made
        return Applied(changes=tuple(applied.changes), dry_run=dry_run, made=made)
