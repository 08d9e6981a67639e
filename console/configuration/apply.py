"""A document → a tenant, in one transaction: all of it, or nothing and the place of the first mistake.

Sections are made in an order in which each finds what it names. Each section yields what it changed, in words.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from msgspec import UNSET

from console.audit.actor import Actor
from console.catalogue import actions as catalogue
from console.configuration import budgets
from console.configuration.applied import Applied
from console.configuration.document import (
    Document,
    GatewayKeyEntry,
    ProviderKeyEntry,
    RouterEntry,
    SecretSource,
    WrongDocument,
)
from console.configuration.prune import remove_unlisted
from console.keys.actions import gateway_keys, provider_keys
from console.keys.models import GatewayKey, ProviderKey
from console.keys.sealing import Secret
from console.refusals import Refused
from console.routers import actions as routers
from console.tenancy import Role, within
from console.tenants import actions as tenants
from console.tenants.models import Plan, Tenant
from gateway.core.secrets import digest


class DryRun(Exception):
    """Rolls everything back."""


def apply(
    document: Document,
    *,
    acting: Actor,
    dry_run: bool = False,
    prune: bool = False,
    environ: Mapping[str, str] = os.environ,
    at: datetime | None = None,
) -> Applied:
    """`prune` also removes the keys, models, budgets, routers and members that the document does not list.

    `at` is when policies count as published: the present, but for a history that is told afterwards.
    """
    applied: Applied | None = None
    try:
        with transaction.atomic():
            applied = _apply(document, acting, environ, prune=prune, at=at)
            if dry_run:
                raise DryRun
    except DryRun:
        pass
    assert applied is not None
    return applied


def _apply(
    document: Document, acting: Actor, environ: Mapping[str, str], *, prune: bool, at: datetime | None
) -> Applied:
    tenant = Tenant.objects.filter(slug=document.tenant).first()
    with placed("$.tenant"):
        applied = Applied(tenant or _create(document, acting))
    if tenant is None:
        applied.changes.append(f"+ tenant {document.tenant}")
    with within(applied.tenant):
        step = Step(applied, acting, environ, at)
        for section in SECTIONS:
            section(step, document)
        if prune:
            remove_unlisted(applied, document, acting=acting)
    return applied


def _create(document: Document, acting: Actor) -> Tenant:
    name = document.tenant if document.name is UNSET else document.name
    plan = Plan.FREE if document.plan is UNSET else document.plan
    return tenants.create_tenant(slug=document.tenant, name=name, plan=plan, acting=acting)


@contextmanager
def placed(place: str) -> Iterator[None]:
    """A refusal of whatever action, told at the document's place."""
    try:
        yield
    except ValidationError as error:
        for name, messages in getattr(error, "message_dict", {}).items():
            spot = place if name == "__all__" or place.endswith(f".{name}") else f"{place}.{name}"
            raise WrongDocument(spot, " ".join(messages)) from None
        raise WrongDocument(place, " ".join(error.messages)) from None
    except routers.Blocked as blocked:
        raise _blocked(blocked, place) from None
    except (Refused, PermissionDenied) as refusal:
        raise WrongDocument(place, str(refusal)) from None


def _blocked(blocked: routers.Blocked, place: str) -> WrongDocument:
    for finding in blocked.inspection.errors:
        spot = f"{place}.policy{finding.place.removeprefix('$')}"
        return WrongDocument(spot, f"{finding.message}. {finding.remedy}")
    failing = "; ".join(f"test {test.name}: {test.failure}" for test in blocked.inspection.failing)
    return WrongDocument(f"{place}.policy.tests", failing)


class Step:
    """One application under way."""

    def __init__(
        self, applied: Applied, acting: Actor, environ: Mapping[str, str], at: datetime | None
    ) -> None:
        self.applied, self.acting, self.environ, self.at = applied, acting, environ, at
        self.tenant = applied.tenant

    def say(self, sign: str, what: str, name: str) -> None:
        self.applied.say(sign, what, name)

    def settings(self, document: Document) -> None:
        before = _settings_of(self.tenant)
        with placed("$"):
            self.tenant = self.applied.tenant = tenants.update_settings(
                self.tenant,
                acting=self.acting,
                name=None if document.name is UNSET else document.name,
                time_zone=None if document.time_zone is UNSET else document.time_zone,
                tags=None if document.tags is UNSET else document.tags,
                unpriced_models=None if document.unpriced_models is UNSET else document.unpriced_models,
            )
            if document.plan is not UNSET:
                self.tenant = self.applied.tenant = tenants.change_plan(
                    self.tenant, plan=document.plan, acting=self.acting
                )
        for what, new in _settings_of(self.tenant).items():
            if before[what] != new:
                self.say("~", what, new)

    def members(self, document: Document) -> None:
        held = {each.user.email: each for each in self.tenant.memberships.select_related("user")}
        for index, entry in enumerate(document.members):
            email = entry.email.strip().lower()
            with placed(f"$.members[{index}].email"):
                validate_email(email)
            with placed(f"$.members[{index}]"):
                if email not in held:
                    user = tenants.person(email=email)
                    tenants.add_member(self.tenant, user=user, role=entry.role, acting=self.acting)
                    self.say("+", "member", f"{email} as {entry.role.value}")
                elif Role(held[email].role) is not entry.role:
                    tenants.change_role(held[email], role=entry.role, acting=self.acting)
                    self.say("~", "member", f"{email}: {entry.role.value}")

    def provider_keys(self, document: Document) -> None:
        for index, entry in enumerate(document.provider_keys):
            with placed(f"$.provider_keys[{index}]"):
                key = self.tenant.provider_keys.filter(name=entry.name).first()
                secret = self._secret(
                    entry.secret, f"$.provider_keys[{index}].secret", exists=key is not None
                )
                if key is None:
                    self._new_provider_key(entry, secret or "")
                else:
                    self._same_provider_key(key, entry, secret, f"$.provider_keys[{index}]")

    def _new_provider_key(self, entry: ProviderKeyEntry, secret: str) -> None:
        provider_keys.create(
            self.tenant,
            name=entry.name,
            provider=entry.provider,
            secret=secret,
            base_url=entry.base_url,
            region=entry.region,
            acting=self.acting,
        )
        self.say("+", "provider key", entry.name)

    def _same_provider_key(
        self, key: ProviderKey, entry: ProviderKeyEntry, secret: str | None, place: str
    ) -> None:
        if key.provider != entry.provider:
            raise WrongDocument(
                f"{place}.provider", f"the key {key.name} is for {key.provider}; name another"
            )
        moved = key.base_url != entry.base_url.strip().rstrip("/")
        changed = secret is not None and not provider_keys.holds(key, secret)
        if moved and secret is None and key.sealed is not None:
            raise WrongDocument(
                f"{place}.secret", "a new base_url needs the secret again: it never moves by itself"
            )
        if moved or changed:
            provider_keys.replace(
                key,
                secret=secret or "",
                base_url=entry.base_url,
                region=entry.region or None,
                acting=self.acting,
            )
        elif not entry.region or not provider_keys.set_region(key, entry.region, acting=self.acting):
            return
        self.say("~", "provider key", entry.name)

    def models(self, document: Document) -> None:
        for index, spec in enumerate(document.models):
            with placed(f"$.models[{index}]"):
                known = self.tenant.custom_models.filter(model_id=spec.id).exists()
                if catalogue.put_model(self.tenant, spec, acting=self.acting):
                    self.say("~" if known else "+", "model", spec.id)

    def bounds(self, document: Document) -> None:
        if document.whitelist is not UNSET:
            with placed("$.whitelist"):
                if catalogue.set_whitelist(self.tenant, document.whitelist, acting=self.acting):
                    self.say("~", "whitelist", "")
        if document.floors is not UNSET:
            with placed("$.floors"):
                if catalogue.set_floors(self.tenant, document.floors, acting=self.acting):
                    self.say("~", "floors", "")

    def budgets(self, document: Document) -> None:
        for index, entry in enumerate(document.budgets):
            with placed(f"$.budgets[{index}]"):
                known = self.tenant.budgets.filter(name=entry.name).exists()
                _, changed = budgets.put(self.tenant, entry, acting=self.acting)
                if changed:
                    self.say("~" if known else "+", "budget", entry.name)

    def routers(self, document: Document) -> None:
        for index, entry in enumerate(document.routers):
            with placed(f"$.routers[{index}]"):
                self._router(entry)

    def _router(self, entry: RouterEntry) -> None:
        router = self.tenant.routers.select_related("current").filter(slug=entry.id).first()
        if router is None:
            router = routers.create(self.tenant, entry.id, entry.policy, acting=self.acting)
            number = routers.publish(router, at=self.at, acting=self.acting).number
            self.say("+", "router", f"{entry.id}, version {number}")
        elif router.current is None or router.current.policy != entry.policy:
            routers.save_draft(router, entry.policy, acting=self.acting)
            number = routers.publish(router, at=self.at, acting=self.acting).number
            self.say("~", "router", f"{entry.id}, version {number}")
        switch = routers.enable if entry.enabled else routers.disable
        if switch(router, acting=self.acting):
            self.say("~", "router", f"{entry.id} {'enabled' if entry.enabled else 'disabled'}")

    def gateway_keys(self, document: Document) -> None:
        known = set(self.tenant.routers.values_list("slug", flat=True))
        for index, entry in enumerate(document.gateway_keys):
            place = f"$.gateway_keys[{index}]"
            for at, router in enumerate(entry.routers or ()):
                if router not in known:
                    raise WrongDocument(f"{place}.routers[{at}]", f"there is no router {router}")
            with placed(place):
                key = self.tenant.gateway_keys.filter(name=entry.name, revoked_at=None).first()
                secret = self._secret(entry.secret, f"{place}.secret", exists=key is not None)
                if key is None:
                    self._new_gateway_key(entry, secret)
                else:
                    self._same_gateway_key(key, entry, secret)

    def _new_gateway_key(self, entry: GatewayKeyEntry, secret: str | None) -> None:
        made = gateway_keys.create(
            self.tenant,
            name=entry.name,
            terms=terms_of(entry),
            secret=None if secret is None else Secret(secret),
            acting=self.acting,
        )
        self.say("+", "gateway key", entry.name)
        if secret is None:
            self.applied.made[entry.name] = made.secret.reveal

    def _same_gateway_key(self, key: GatewayKey, entry: GatewayKeyEntry, secret: str | None) -> None:
        before = (key.routers, key.tags, key.requests_per_minute, key.tokens_per_minute, key.expires_at)
        key = gateway_keys.edit(key, terms=terms_of(entry), acting=self.acting)
        after = (key.routers, key.tags, key.requests_per_minute, key.tokens_per_minute, key.expires_at)
        replaced = secret is not None and key.digest != digest(secret)
        if replaced and secret is not None:
            gateway_keys.replace(key, secret=Secret(secret), acting=self.acting)
        if before != after or replaced:
            self.say("~", "gateway key", entry.name)

    def _secret(self, source: SecretSource | None, place: str, *, exists: bool) -> str | None:
        """None: leave it, or have one made."""
        if source is None:
            return None
        given = [name for name in ("value", "env", "keep") if getattr(source, name) not in (None, False)]
        if len(given) != 1:
            raise WrongDocument(place, "give exactly one of value, env and keep")
        if source.keep:
            if not exists:
                raise WrongDocument(place, "there is no secret to keep yet: give a value or env")
            return None
        if source.env is None:
            return source.value
        if source.env not in self.environ:
            raise WrongDocument(f"{place}.env", f"the environment has no variable {source.env}")
        return self.environ[source.env]


def terms_of(entry: GatewayKeyEntry) -> gateway_keys.Terms:
    return gateway_keys.Terms(
        routers=entry.routers, tags=entry.tags, limits=entry.limits, expires_at=entry.expires_at
    )


SECTIONS: tuple[Callable[[Step, Document], None], ...] = (
    Step.settings,
    Step.members,
    Step.provider_keys,
    Step.models,
    Step.bounds,
    Step.routers,
    Step.gateway_keys,
    Step.budgets,  # over routers and keys
)


def _settings_of(tenant: Tenant) -> dict[str, str]:
    return {
        "name": tenant.name,
        "time zone": tenant.time_zone,
        "tags": ", ".join(tenant.tags),
        "unpriced models": tenant.unpriced_models,
        "plan": tenant.plan,
    }
