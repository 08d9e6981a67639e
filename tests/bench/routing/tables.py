"""The reports for people."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.routing.across import Crossing
from tests.bench.routing.cascades import Climbing
from tests.bench.routing.lines import Report
from tests.bench.routing.reliability import Bin


def show(report: Report | Crossing | Climbing) -> None:
    if isinstance(report, Crossing):
        print(
            f"{report.learnt_on} → {report.set}: {' > '.join(report.pair)}, gap {report.gap} points: APGR {report.apgr:.3f}, "
            f"at most {report.below_mix:.1f} points below the mix (chance {report.by_chance:.1f})",
            flush=True,
        )
    elif isinstance(report, Climbing):
        print(
            f"{report.set}: {' = '.join(report.cascade[:2])}, else {report.cascade[2]}; {report.labels} labels, within "
            f"{report.within:.0%}: accuracy {report.accuracy:.3f} at {report.cost:.1%} of the cost (alone {report.strong:.3f}); "
            f"{report.agreeing:.0%} agree, {report.right_if_agreeing:.1%} of them right",
            flush=True,
        )
    else:
        show_report(report)


def show_report(report: Report) -> None:
    print(
        f"{report.set}: {named(report)}; {report.labels} labels{', tag' if report.tag else ''}: "
        f"APGR {number(report.apgr)}, CPT50 {number(report.cpt50)}, CPT80 {number(report.cpt80)}; "
        f"saved {number(report.saved_at_equal)} at accuracy {number(report.equal_by)} from the best's {number(report.best)}; "
        f"at (mix, oracle) {budgets(report)}; below the mix at most {number(report.below_mix, 1)} points "
        f"(chance {number(report.by_chance, 1)}); {report.p50_ms}/{report.p99_ms} ms\n"
        f"  expected → came (answers): {came(report.reliability)}; off by {number(report.off_by)}",
        flush=True,
    )


def came(bins: Sequence[Bin]) -> str:
    return ", ".join(f"{each.expected:.2f} → {each.real:.2f} ({each.count:,})" for each in bins)


def named(report: Report) -> str:
    return " > ".join(report.pair) if report.pair else f"pool of {len(report.pool or ())}"


def budgets(report: Report) -> str:
    return ", ".join(
        f"{budget} %: {number(found)} ({number(report.mix[budget])}, {number(report.oracle[budget])})"
        for budget, found in report.at.items()
    )


def number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
