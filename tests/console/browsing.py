"""A page's form as a browser would send it: what is checked, selected and written, in order."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlencode

from django.http import QueryDict


class _Form(HTMLParser):
    """Collects the successful controls of the form with an id, or of the only form."""

    def __init__(self, form: str | None) -> None:
        super().__init__()
        self.wanted = form
        self.inside = form is None
        self.sent: list[tuple[str, str]] = []
        self.text: tuple[str, list[str]] | None = None
        self.select = ""
        self.options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and self.wanted is not None:
            self.inside = given.get("id") == self.wanted
        name = given.get("name")
        if not self.inside:
            return
        if tag == "input" and name:
            boxed = given.get("type") in ("checkbox", "radio")
            if not boxed or "checked" in given:
                self.sent.append((name, given.get("value") or ("on" if boxed else "")))
        elif tag == "textarea" and name:
            self.text = (name, [])
        elif tag == "select" and name:
            self.select, self.options = name, []
        elif tag == "option" and self.select:
            self.options.append((given.get("value") or "", "selected" in given))

    def handle_data(self, data: str) -> None:
        if self.text:
            self.text[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.wanted is not None:
            self.inside = False
        if tag == "textarea" and self.text:
            name, parts = self.text
            self.sent.append((name, "".join(parts).removeprefix("\n")))
            self.text = None
        elif tag == "select" and self.select:
            chosen = [value for value, selected in self.options if selected] or [self.options[0][0]]
            self.sent += [(self.select, value) for value in chosen]
            self.select = ""


def form_in(html: str | bytes, form: str | None = None) -> QueryDict:
    """Mutable; `form` is its id."""
    parser = _Form(form)
    parser.feed(html.decode() if isinstance(html, bytes) else html)
    data = QueryDict(mutable=True)
    for name, value in parser.sent:
        data.appendlist(name, value)
    return data


def encoded(data: QueryDict) -> str:
    return urlencode([(name, value) for name, values in data.lists() for value in values])
