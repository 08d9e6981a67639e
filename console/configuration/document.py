"""The document's own form. Unknown fields are errors, and every error names its place."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import UNSET, Meta, Struct, UnsetType

from console.catalogue.specs import ModelSpec
from console.tenancy import Role
from console.tenants.models import Plan
from gateway.core.policy import Floor, Policy
from gateway.core.price import Unpriced
from gateway.core.snapshot import BudgetScope, Limits

MAX_BYTES = 4_000_000

type Moment = Annotated[datetime, Meta(tz=True)]  # with its offset: nobody guesses whose clock was meant


class WrongDocument(Exception):
    """Cannot be applied; `place` is a path such as `$.routers[0].policy.rules[2].tier`."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place, self.message = place, message


class SecretSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a secret comes from; exactly one is given."""

    value: str | None = None
    env: str | None = None  # name of an environment variable of whoever applies
    keep: bool | None = None  # as it is

    def __repr__(self) -> str:
        return "***"


class MemberEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: str
    role: Role


class ProviderKeyEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    provider: str
    secret: SecretSource | None = None
    base_url: str = ""
    region: str = ""  # left out: as it is, or as the address or the key says


class GatewayKeyEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    secret: SecretSource | None = None
    routers: tuple[str, ...] | None = None
    tags: Mapping[str, str] = {}
    limits: Limits = Limits()
    expires_at: Moment | None = None


class BudgetEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    usd: int | float | str
    per: str
    at_limit: str = "block"
    scope: BudgetScope = BudgetScope()
    alert_at: tuple[int, ...] = (50, 80, 100)  # percent, each told once a period


class RouterEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    id: str
    policy: Policy = Policy()
    enabled: bool = True


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    tenant: str  # slug
    name: str | UnsetType = UNSET
    plan: Plan | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    unpriced_models: Unpriced | UnsetType = UNSET
    members: tuple[MemberEntry, ...] = ()
    tags: tuple[str, ...] | UnsetType = UNSET
    provider_keys: tuple[ProviderKeyEntry, ...] = ()
    gateway_keys: tuple[GatewayKeyEntry, ...] = ()
    whitelist: tuple[str, ...] | UnsetType | None = UNSET  # null: every model of the catalogue with a key
    floors: tuple[Floor, ...] | UnsetType = UNSET
    models: tuple[ModelSpec, ...] = ()
    budgets: tuple[BudgetEntry, ...] = ()
    routers: tuple[RouterEntry, ...] = ()


def parse(text: str) -> Document:
    if len(text) > MAX_BYTES:
        raise WrongDocument("", f"The document is longer than {MAX_BYTES:,} characters.")
    try:
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that also refuses twins
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise WrongDocument(where, f"not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise WrongDocument("", f"not YAML: {str(error)[:200]}") from None
    return convert(raw)


def convert(raw: Any) -> Document:
    """From plain values: what YAML or JSON parsed to."""
    try:
        document = msgspec.convert(raw, Document)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        raise WrongDocument(place.rstrip("`") or "$", message) from None
    _check_twins(document)
    return document


def render(document: Document) -> str:
    plain = msgspec.json.decode(msgspec.json.encode(document))
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _check_twins(document: Document) -> None:
    for section, named in (
        ("provider_keys", "name"), ("gateway_keys", "name"), ("budgets", "name"), ("routers", "id"),
        ("models", "id"), ("members", "email"),
    ):  # fmt: skip
        seen: set[str] = set()
        for index, entry in enumerate(getattr(document, section)):
            name = getattr(entry, named)
            if name in seen:
                raise WrongDocument(f"$.{section}[{index}].{named}", f"{name} is listed twice")
            seen.add(name)


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twins = [key for index, key in enumerate(keys) if key in keys[:index]]
        if twins:
            raise yaml.constructor.ConstructorError(
                None, None, f"the field {twins[0]!r} stands twice in one mapping", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        super().increase_indent(flow, False)
