"""The OpenAPI document: routes by drf-spectacular, shapes by msgspec, from the very types that are decoded."""

from __future__ import annotations

from functools import cache
from inspect import cleandoc
from typing import Any, TypedDict

import msgspec
from django.db.models import Choices
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from msgspec import Struct

from console.tenancy import Role

COMPONENTS = "#/components/schemas/{name}"


class Param(Struct, frozen=True):
    """Of a query string. A name that ends in `<name>` stands for all that begin like it."""

    name: str
    description: str
    kind: type = str

    def is_called(self, name: str) -> bool:
        head, is_open, _ = self.name.partition("<")
        return name.startswith(head) and len(name) > len(head) if is_open else name == self.name


class Operation(Struct, frozen=True, kw_only=True):
    """What a method asks and answers; read by the schema and by the test that walks every route."""

    role: Role
    takes: Any
    gives: Any
    status: int
    params: tuple[Param, ...]

    def knows(self, name: str) -> bool:
        return name == "format" or any(param.is_called(name) for param in self.params)


class Problem(TypedDict, total=False):
    """Either `detail` and `code`, or the names of fields, each with what is wrong with it."""

    detail: str
    code: str


class Schema(AutoSchema):
    @property
    def meant(self) -> Operation:
        meant: Operation = getattr(self.view, self.method.lower()).operation
        return meant

    def get_operation_id(self) -> str:
        name: str = getattr(self.view, "called", type(self.view).__name__)
        return f"{self.method.lower()}{name}"

    def get_description(self) -> str:  # type: ignore[override] # as in drf-spectacular
        told = getattr(self.view, self.method.lower()).__doc__ or ""
        return f"{cleandoc(told)}\n\nNeeds the role {self.meant.role}.".strip()

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").partition("/")[0]]

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{"token": []}]

    def get_override_parameters(self) -> list[Any]:
        return [
            OpenApiParameter(param.name, param.kind, OpenApiParameter.QUERY, description=param.description)
            for param in self.meant.params
        ]

    def get_request_serializer(self) -> Any:
        takes = self.meant.takes
        return None if takes is None else {"application/json": self._reference(takes)}

    def get_response_serializers(self) -> Any:
        gives, status = self.meant.gives, str(self.meant.status)
        return {
            status: None if gives is None else self._reference(gives),
            "4XX": self._reference(Problem),
        }

    def _reference(self, shape: Any) -> dict[str, Any]:
        (reference,), components = msgspec.json.schema_components(
            [shape], ref_template=COMPONENTS, schema_hook=_choices
        )
        for name, schema in components.items():
            component: Any = ResolvedComponent
            self.registry.register_on_missing(component(name, component.SCHEMA, schema, name))
        return dict(reference)


def _choices(kind: type) -> dict[str, Any]:
    if issubclass(kind, Choices):
        return {"type": "string", "enum": list(kind.values)}
    raise NotImplementedError


@cache
def document() -> dict[str, Any]:
    """Nothing in it depends on who asks."""
    generator: Any = SchemaGenerator
    return dict(generator().get_schema(request=None, public=True))
