"""Charts, diffs, navigation and the tags, without a browser."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import engines
from django.test import RequestFactory
from django.urls import URLPattern, path

from console.interface import diffs, navigation
from console.interface.charts import Chart, Series

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def rendered(source: str, **context: Any) -> str:
    request: Any = RequestFactory().get("/")
    request.tenant = SimpleNamespace(name="Acme", slug="acme", plan="pro")
    return engines["django"].from_string(source).render(context, request)


def test_unknown_money_is_said_and_never_zero() -> None:
    assert "unknown" in rendered("{% money cost %}", cost=None)
    assert "$" not in rendered("{% money cost %}", cost=None)


def test_money_carries_the_exact_amount() -> None:
    assert 'title="$0.001234567"' in rendered("{% money 1234567 %}")
    assert "+$0.0012" in rendered('{% money 1234567 tone="saving" %}')
    assert 'class="money loss"' in rendered('{% money -1234567 tone="saving" %}')


def test_tiers_differ_by_more_than_their_colour() -> None:
    filled = [
        rendered(f"{{% tier '{name}' %}}").count('class="off"')
        for name in ("local", "small", "lightweight", "mid", "premium")
    ]
    assert filled == [4, 3, 2, 1, 0]


def test_what_people_write_is_inert() -> None:
    hostile = '"><script>alert(1)</script>'
    for tag in ("status 'ok' x", "model x", "request_class x", "outcome x", "role x", "plan x"):
        assert "<script>" not in rendered("{% " + tag + " %}", x=hostile)
    assert "<script>" not in rendered("{% tags x %}", x={hostile: hostile})
    chart = Chart("bar", hostile, "count", [hostile], [Series(hostile, [1])])
    assert "<script>alert" not in rendered(
        '{% include "components/chart.html" with chart=chart id="x" only %}', chart=chart
    )


def urls() -> tuple[URLPattern, ...]:
    return (
        path("t/<slug:tenant>/requests/", lambda _: None, name="requests"),  # type: ignore[arg-type, return-value]
        path("t/<slug:tenant>/routers/<slug:id>/", lambda _: None, name="router"),  # type: ignore[arg-type, return-value]
    )


@pytest.fixture
def two_urls(settings: Any) -> None:
    settings.ROOT_URLCONF = urls()


@pytest.mark.usefixtures("two_urls")
def test_addresses_inside_the_tenant() -> None:
    assert rendered("{% tenant_url 'router' 'support' %}") == "/t/acme/routers/support/"
    assert (
        rendered("{% tenant_url 'requests' outcome='failed' router=none %}", none=None)
        == "/t/acme/requests/?outcome=failed"
    )
    assert rendered("{% nav_url 'budgets' %}") == ""


@pytest.mark.usefixtures("two_urls")
def test_navigation_leaves_out_what_is_not_there_and_marks_where_we_are() -> None:
    groups = list(navigation.links("acme", current="request"))
    assert [(label, [(link.label, link.current) for link in links]) for label, links in groups] == [
        ("Traffic", [("Requests", True)])
    ]


def test_a_chart_and_its_table_say_the_same() -> None:
    chart = Chart(
        "line",
        "Cost",
        "usd",
        ["2026-03-01", "2026-03-02"],
        [Series("Cost", [1_250_000_000, None], links=["/a"])],
    )
    assert [
        (label, [(cell.text, cell.href, cell.unknown) for cell in cells]) for label, _, cells in chart.rows
    ] == [
        ("1 Mar 2026", [("$1.25", "/a", False)]),
        ("2 Mar 2026", [("unknown", "", True)]),
    ]
    assert chart.spec["series"][0]["values"] == [1_250_000_000, None]  # type: ignore[index]


def test_a_diff_shows_changes_with_their_numbers_and_skips_the_rest() -> None:
    before = "\n".join(f"line {n}" for n in range(20))
    found = list(diffs.lines(before, before.replace("line 9", "line nine")))
    assert [
        (line.kind, line.text, line.old, line.new) for line in found if line.kind in ("added", "removed")
    ] == [
        ("removed", "line 9", 10, None),
        ("added", "line nine", None, 10),
    ]
    assert found[0].kind == found[-1].kind == "skipped"
    assert list(diffs.lines(before, before)) == []


def test_parts_of_nothing_are_nothing() -> None:
    assert "<rect" not in rendered(
        '{% include "components/share.html" with parts=parts only %}', parts=[("a", 0, "s1")]
    )


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: str(one.relative_to(ROOT)))
def test_no_template_asks_for_what_the_policy_refuses(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=|\shx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\b(src=|type=\"application/json\"))", text)
    assert "<style" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: str(one.relative_to(ROOT)))
def test_every_icon_named_is_in_the_sprite(template: Path) -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    named = set(re.findall(r'{% icon "([^"]+)"', template.read_text()))
    assert named <= sprite


def test_every_icon_of_the_navigation_is_in_the_sprite() -> None:
    sprite = (ROOT / "static/icons.svg").read_text()
    for group in navigation.NAVIGATION:
        for item in group.items:
            assert f'<symbol id="{item.icon}"' in sprite


def test_vendored_files_name_no_missing_map() -> None:
    for file in (ROOT / "static").rglob("*.min.*"):
        assert "sourceMappingURL" not in file.read_text()
