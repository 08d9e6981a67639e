from types import SimpleNamespace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tests.browser.gallery import sample
from tests.browser.gallery.forms import Filters, NewKey, Settings

NORTHWIND = SimpleNamespace(name="Northwind Trading", slug="northwind", plan="pro")
CONTOSO = SimpleNamespace(name="Contoso", slug="contoso", plan="free")


def page(request: HttpRequest, tenant: str, name: str, **_: str) -> HttpResponse:
    entered(request)
    if "toast" in request.GET:
        messages.success(request, "Version 7 of support is live. The gateway took it up in 0.4 s.")
        messages.error(request, "The provider refused this key: 401 invalid_api_key.")
    return render(request, f"gallery/{name}.html", {**sample.everything(), **forms(request)})


def error(request: HttpRequest, code: int) -> HttpResponse:
    return render(request, f"{code}.html", {"exception": ""}, status=code)


def entered(request: HttpRequest) -> None:
    here: Any = request
    here.tenant = NORTHWIND
    here.membership = SimpleNamespace(role="owner", tenant=NORTHWIND)
    here.memberships = [here.membership, SimpleNamespace(role="viewer", tenant=CONTOSO)]
    here.user = SimpleNamespace(is_authenticated=True, email="ada@northwind.example")


def forms(request: HttpRequest) -> dict[str, object]:
    given = {"tags": "team=search, env=prod", "routers": ["support"]}
    wrong = {
        "wrong-name": "",
        "wrong-routers": ["support"],
        "wrong-rate": "12.5",
        "wrong-tags": given["tags"],
    }
    return {
        "filters": Filters(request.GET or None),
        "key_form": NewKey(initial=given),
        "dialog_form": NewKey(initial=given, prefix="dialog"),
        "wrong_form": NewKey(wrong, prefix="wrong"),
        "settings_form": Settings(initial={"name": "Northwind Trading", "plan": "pro"}),
    }
