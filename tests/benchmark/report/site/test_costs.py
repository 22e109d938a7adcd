"""The page of costs: what is drawn is what the ledgers say, within its box."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from benchmark.report.grouping import tables
from benchmark.report.site import costs
from benchmark.report.site.scale import Decades, amount
from benchmark.store.result import Result
from tests.benchmark.factories import SHA, make_cell, make_result
from tests.benchmark.report.plot.stores import controls, trained


def floors() -> list[Result]:
    """Return the floor alone."""
    return [result for result in controls() if result.cell.method == "random_init"]


def shown(results: list[Result]) -> dict[str, dict[str, Any]]:
    """Return the currencies of the page by their names."""
    pages = {result.id: f"{result.cell.method}.html" for result in results}
    return {each["key"]: each for each in costs.page(tables(results), pages)["currencies"]}


def test_marks_stand_where_means_and_costs_put_them() -> None:
    """Three methods by hand: the one that is dearer and worse is not on the front."""
    results = [
        *trained("cheap", [60.0, 62.0], flops=1e12), *trained("good", [70.0, 72.0], flops=2e12),
        *trained("dear", [64.0, 66.0], flops=4e12), *floors(),
    ]  # fmt: skip
    (panel,) = shown(results)["flops"]["panels"]
    rows = {row["name"]: row for row in panel["rows"]}
    x, y = ({name: float(row[k]) for name, row in rows.items()} for k in "xy")

    assert [name for name, row in rows.items() if row["front"]] == ["cheap", "good"]
    assert x["dear"] - x["good"] == pytest.approx(2 * (x["good"] - x["cheap"]), abs=0.2)
    assert y["cheap"] - y["good"] == pytest.approx(2.5 * (y["cheap"] - y["dear"]), abs=0.4)
    right = max(x.values())
    assert panel["front"] == (
        f"M{x['cheap']:.1f} {y['cheap']:.1f}H{x['good']:.1f}V{y['good']:.1f}H{right:.1f}"
    )
    assert rows["good"]["cost"] == "2 TFLOP"
    assert rows["good"]["page"] == "good.html"
    assert [floor["mean"] for floor in panel["floors"]] == ["50.5"]


@pytest.mark.parametrize("most", [2e12, 1e13, 3e15])
def test_everything_stays_in_its_box(most: float) -> None:
    """Marks, intervals, floors and ticks; over more than a decade the axis is of decades."""
    results = [*trained("a", [1.0, 99.0], flops=1e12), *trained("b", [50.0], flops=most)]
    (panel,) = shown([*results, *floors()])["flops"]["panels"]
    assert panel["axis"].endswith("logarithmic") == (most > 1e13)
    assert 2 <= len(panel["x"]) <= 6
    for row in panel["rows"]:
        assert costs.LEFT <= float(row["x"]) <= costs.WIDTH - costs.RIGHT
    places = [*panel["rows"], *panel["floors"]]
    heights = [each["y"] for each in places] + [each.at for each in panel["y"]]
    heights += [end for row in panel["rows"] for end in row["bar"].split("V")]
    assert all(costs.TOP <= float(y) <= costs.HEIGHT - costs.BOTTOM for y in heights)


def test_methods_look_different_and_the_same_everywhere() -> None:
    """Thirty of them, in every currency."""
    names = [f"m{i}" for i in range(30)]
    found = shown([r for i, name in enumerate(names) for r in trained(name, [50.0 + i])])
    looks = [
        {row["name"]: (row["colour"], row["shape"]) for row in each["panels"][0]["rows"]}
        for each in found.values()
    ]
    assert len(set(looks[0].values())) == 30
    assert all(one == two for one, two in itertools.pairwise(looks))


def test_resolutions_share_no_panel_and_no_front() -> None:
    """Rows of two are not comparable; each has its own floor, and the titles say which is which."""
    results = [
        make_result(cell=cell, value=v + r, dataset_sha256=SHA)
        for m, px, v in (("simclr", 32, 60.0), ("byol", 64, 50.0))
        for r in range(2)
        for cell in [make_cell(m, values={"resolution": px}, replicate=r)]
    ]
    panels = shown([*results, *floors()])["images"]["panels"]
    told = {panel["title"].rpartition(" · ")[2]: panel for panel in panels}
    named = {name: [row["name"] for row in panel["rows"]] for name, panel in told.items()}
    assert named == {"32 px": ["simclr"], "64 px": ["byol"]}
    assert all(panel["front"] for panel in panels)
    assert [len(told[name]["floors"]) for name in ("32 px", "64 px")] == [1, 0]


def test_without_a_cost_the_page_says_so() -> None:
    """A row without FLOPs is named; where none is left there is no panel."""
    found = shown(trained("simclr", [60.0, 61.0], flops=None))
    assert found["flops"]["panels"] == []
    assert re.search("simclr: no flops recorded", found["flops"]["left_out"][0])
    assert len(found["images"]["panels"]) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (1.0, "1"), (200.0, "200"), (1e3, "1 k"), (5e13, "50 T"), (1e27, "1e+06 Z")],
)
def test_amounts_have_prefixes(value: float, text: str) -> None:
    """Of a thousand each; past the last one the number grows."""
    assert amount(value) == text


def test_an_axis_of_many_decades_has_few_ticks() -> None:
    """Powers of ten only, thinned; within two decades 1, 2 and 5, or fewer."""
    assert len(Decades(1, 1e20, 0, 100).values()) <= 8
    assert list(Decades(1, 20, 0, 100).values()) == [1, 2, 5, 10, 20]
    assert [each.at for each in Decades(1, 100, 0, 100).ticks()][::2] == ["0.0", "50.0", "100.0"]
