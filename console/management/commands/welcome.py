"""Makes what a person needs to begin, and prints it for `up` as one line of JSON."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.urls import reverse

from console.audit.actor import Actor
from console.embedded import secrets
from console.embedded.places import Places
from console.environment import Environment
from console.keys import selectors as keys
from console.keys.actions import gateway_keys
from console.publishing import tasks as publishing
from console.supervisor.welcome import Trial, Welcome
from console.tenancy import within
from console.tenants import links
from console.tenants.models import Tenant, User
from console.tenants.selectors import members, tenant_by_slug
from gateway.core.secrets import digest

KEY_NAME = "first-steps"


class Command(BaseCommand):
    help = "On a first start makes the demo; then a one-time sign-in link and a key to try the gateway with."

    def handle(self, *_: Any, **__: Any) -> None:
        environment = Environment.from_environ()
        places = Places(environment.var_dir)
        if environment.demo_wanted and "demo" in get_commands() and not Tenant.objects.exists():
            call_command("demo", stdout=self.stderr)
            _make_trial(places)
        for lost in keys.undecryptable():
            self.stderr.write(f"{lost.tenant}: provider key {lost.key} cannot be opened. {lost.reason}")
        publishing.sweep()
        publishing.drain()
        self.stdout.write(json.dumps(asdict(_welcome(environment, places))))


def _make_trial(places: Places) -> None:
    """A key of its own, so that it can be revoked without touching anybody's application."""
    tenant = Tenant.objects.earliest("created_at")
    with within(tenant):
        router = tenant.routers.exclude(current=None).earliest("created_at")
        made = gateway_keys.create(tenant, name=KEY_NAME, acting=Actor.system("first start"))
    trial = Trial(tenant=tenant.slug, router=router.slug, gateway_key=made.secret.reveal)
    secrets.write(places.trial, asdict(trial))


def _welcome(environment: Environment, places: Places) -> Welcome:
    person = _first_owner()
    path = reverse("enter", args=[links.make_sign_in_link(person)]) if person else None
    return Welcome(
        sign_in=path and environment.console_url + path,
        person=person.email if person else None,
        trial=_kept_trial(places),
    )


def _first_owner() -> User | None:
    tenant = Tenant.objects.order_by("created_at").first()
    if tenant is None:
        return None
    with within(tenant):
        return members(tenant)[0].user


def _kept_trial(places: Places) -> Trial | None:
    """None once somebody has revoked the key, or its tenant is gone."""
    if not places.trial.exists():
        return None
    trial = Trial(**json.loads(places.trial.read_text()))
    tenant = tenant_by_slug(trial.tenant)
    if tenant is None:
        return None
    with within(tenant):
        live = {key.digest for key in keys.live_gateway_keys(tenant)}
    return trial if digest(trial.gateway_key) in live else None
