"""What is drawn is what the store says: the artists' own data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from benchmark.report.plot import (
    accuracy,
    compute,
    curves,
    heatmap,
    kinds,
    looks,
    profiles,
    robustness,
    spent,
    style,
)
from benchmark.report.plot.points import groups
from benchmark.store.result import Point, Result
from tests.benchmark.factories import make_cell, make_result
from tests.benchmark.report.plot.drawn import fits, lines
from tests.benchmark.report.plot.stores import controls, several, trained, twenty

pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def _printed() -> Iterator[None]:
    with style.printed():
        yield


def test_accuracy_draws_means_and_t_intervals() -> None:
    """Against numpy and the table's t for two degrees of freedom, 4.302653."""
    values = [60.0, 61.5, 64.5]
    shown = accuracy.data(groups([*trained("simclr", values), *controls()]), "linear")
    (axes,) = accuracy.draw(shown, "single").axes
    half = 4.302653 * np.std(values, ddof=1) / np.sqrt(3)

    (((x, y),),) = lines(axes, "simclr")
    segments = [path for c in axes.collections for path in c.get_segments()]  # type: ignore[attr-defined]
    ends = [sorted(path[:, 0]) for path in segments if path[0, 1] == pytest.approx(y)]

    assert x == pytest.approx(np.mean(values))
    np.testing.assert_allclose(ends, [[62 - half, 62 + half]], rtol=1e-6)
    assert sorted(p[0] for p in lines(axes, "_replicates")[1]) == values


def test_accuracy_shows_floor_ceiling_and_what_failed() -> None:
    """A line through the panel for each control; a word in place of a number."""
    failed = make_result("byol", status="failed", error="loss")
    results = [*trained("simclr", [60.0, 61.0]), failed, *controls(floor=50.0, ceiling=90.0)]
    (axes,) = accuracy.draw(accuracy.data(groups(results), "linear"), "single").axes

    drawn: list[Any] = list(axes.get_lines())
    across = {line.get_xdata()[0] for line in drawn if list(line.get_ydata()) == [0, 1]}

    assert across == {50.5, 90.5}
    assert "failed" in [text.get_text() for text in axes.texts]


def test_accuracy_explains_every_kind_of_line_that_it_draws_and_no_other() -> None:
    """One replicate is a pale bar, not a line; floor and ceiling are named where they are."""
    one, two = trained("simclr", [60.0]), trained("byol", [60.0, 61.0])
    said = {}
    for name, results in (("one", one), ("both", [*one, *two, *controls()])):
        figure = accuracy.draw(accuracy.data(groups(results), "linear"), "single")
        said[name] = " ".join(figure.get_supxlabel().split())
    drawn: Any = figure.axes[0].collections
    widths = sorted({each.get_linewidth()[0] for each in drawn})

    assert said["one"] == "Pale bars: one replicate, 95 % interval over its test images."
    assert said["both"].startswith("Lines: 95 % t interval of the mean of 2 replicates (ticks).")
    assert said["both"].endswith(
        "Dashed upright lines: a floor, an untrained encoder. "
        "Dotted upright lines: a ceiling, taught with labels."
    )
    assert widths[1] > 3 * widths[0]


def test_heatmap_writes_every_number_and_every_gap() -> None:
    """BYOL is missing on one encoder, and SimCLR has two replicates there: so each cell says n."""
    results = [
        *trained("simclr", [60.0, 61.0, 63.0]),
        *trained("simclr", [70.0, 71.0], encoder="resnet18"),
        *trained("byol", [65.0, 65.5, 66.2]),
    ]
    shown = heatmap.data(groups(results), "linear")
    axes = heatmap.draw(shown, "single").axes[0]
    texts = {text.get_position(): text.get_text() for text in axes.texts}

    assert [t.get_text() for t in axes.get_xticklabels()] == ["compact", "resnet18"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["byol", "simclr"]
    assert texts == {
        (0, 0): "65.6\nn=3", (1, 0): "missing", (0, 1): "61.3\nn=3", (1, 1): "70.5\nn=2",
    }  # fmt: skip
    (hatched,) = [patch for patch in axes.patches if patch.get_hatch()]
    assert hatched.get_xy() == (0.5, -0.5)  # type: ignore[attr-defined]
    drawn: Any = axes.images[0].get_array()
    np.testing.assert_allclose(drawn.compressed(), [196.7 / 3, 184 / 3, 70.5])


def test_heatmap_gives_other_numbers_other_colours_and_has_the_rows_of_accuracy() -> None:
    """A method just above the floor is not the floor's colour, nor the best one the ceiling's."""
    results = [*trained("simclr", [60.0, 61.0]), *trained("byol", [53.0, 53.0]), *controls()]
    results += trained("amdim", [80.0, 80.0], encoder="resnet18")
    shown, other = (each.data(groups(results), "linear") for each in (heatmap, accuracy))
    image = heatmap.draw(shown, "single").axes[0].images[0]
    drawn: Any = image.get_array()

    assert len({image.to_rgba(value) for value in drawn.compressed()}) == 5
    assert shown.panels[0].methods == ("supervised", "simclr", "byol", "random_init", "amdim")
    assert [p.name for p in other.panels[0].points] == list(shown.panels[0].methods[:4])


def test_heatmap_shows_an_encoder_that_was_never_run() -> None:
    """A cell of a matrix without any result is a gap in the panel of the others."""
    cells = [make_cell("simclr", encoder="resnet18"), make_cell("byol", encoder="resnet18")]
    (panel,) = heatmap.data(groups(trained("simclr", [60.0, 61.0]), cells), "linear").panels

    assert panel.encoders == ("compact", "resnet18")
    assert {cell.state for row in panel.cells for cell in row[1:]} == {"missing"}


@pytest.mark.parametrize("against", spent.CURRENCIES)
def test_compute_draws_what_the_ledger_says(against: spent.Currency) -> None:
    """The front is every method that no cheaper one beats, by comparing all pairs."""
    known = {
        "simclr": (10.0, 1e13, 60.0),
        "byol": (30.0, 3e13, 58.0),
        "moco_v2": (40.0, 4e13, 65.0),
    }
    results = [
        result
        for method, (seconds, flops, value) in known.items()
        for result in trained(method, [value, value + 1], seconds=seconds, flops=flops)
    ]
    shown = spent.data(groups([*results, *controls()]), "linear", against)
    (axes,) = compute.draw(shown, "single").axes
    place = {"images": None, "flops": 1, "seconds": 0}[against]
    costs = {m: 50_176 if place is None else known[m][place] for m in known}
    front = {
        method
        for method in known
        if not any(costs[o] <= costs[method] and known[o][2] > known[method][2] for o in known)
        and not any(costs[o] < costs[method] and known[o][2] >= known[method][2] for o in known)
    }

    found = {s.point.name: (s.cost, s.front) for s in shown.panels[0].spent}
    assert found == {
        **{method: (costs[method], method in front) for method in known},
        "supervised": ({"images": 50_176, "flops": 1.25e13, "seconds": 10.0}[against], False),
    }
    drawn = {tuple(map(float, bars[0].get_xydata()[0])) for bars in axes.containers}
    assert drawn == {
        *((costs[method], known[method][2] + 0.5) for method in known),
        (found["supervised"][0], 90.5),
    }


def test_seconds_of_two_processors_are_never_in_one_panel() -> None:
    """FLOPs of both are."""
    results = [*trained("simclr", [60.0]), *trained("byol", [61.0], processor="another")]

    panels = {a: spent.data(groups(results), "linear", a).panels for a in spent.CURRENCIES}

    assert {a: len(found) for a, found in panels.items()} == {"images": 1, "flops": 1, "seconds": 2}


def test_a_cost_that_nobody_counted_is_named() -> None:
    """No point stands at a cost that was made up."""
    results = [*trained("simclr", [60.0]), *trained("byol", [61.0], flops=None)]

    shown = spent.data(groups(results), "linear", "flops")

    assert [s.point.name for s in shown.panels[0].spent] == ["simclr"]
    assert shown.left_out == ("photos compact common training: byol: no flops recorded",)


def with_curve(replicate: int, losses: dict[int, float]) -> Result:
    """Make a result whose loss was recorded at some steps."""
    made = make_result(cell=make_cell(replicate=replicate))
    points = tuple(Point(step=s, loss=v, learning_rate=1e-3) for s, v in losses.items())
    return made.model_copy(update={"curve": points})


def test_curves_draw_mean_and_range_at_common_steps() -> None:
    """Step 9 is of one replicate alone, so it is left out; a step is 128 images."""
    results = [with_curve(0, {1: 4.0, 5: 2.0, 9: 1.0}), with_curve(1, {1: 5.0, 5: 2.5})]
    figure = curves.draw(curves.data(groups(results)), "single")
    axes = figure.axes[0]
    (band,) = axes.collections

    assert lines(axes, "simclr") == [[(128.0, 4.5), (640.0, 2.25)]]
    vertices: Any = band.get_paths()[0].vertices
    corners = {(float(x), float(y)) for x, y in vertices}
    assert corners == {(128.0, 4.0), (128.0, 5.0), (640.0, 2.0), (640.0, 2.5)}


def test_robustness_draws_every_mean_and_the_tested_spread() -> None:
    """Means by hand; the spread as `cslbench robustness` prints it."""
    from benchmark.evidence import robustness as judged
    from benchmark.evidence.designs import Refused, designs

    shown = robustness.data(several(), "encoder", "linear")
    left, right = robustness.draw(shown, "double").axes
    (design,) = designs(several(), "encoder", protocol="linear")
    assert not isinstance(design, Refused)
    whole = judged.robustness(design)
    assert not isinstance(whole, Refused)

    names = [text.get_text() for text in left.get_yticklabels()]
    assert names == [row.method for row in whole.rows]
    place = names.index("byol")
    assert lines(left, "compact")[0][place] == (63.0, place)
    assert lines(left, "resnet18")[0][place] == (64.0, place)
    drawn = [x for x, _ in lines(right, "sd")[0]]
    np.testing.assert_allclose(drawn, [judged.sd_of_effect(row.points)[0] for row in whole.rows])


def test_profiles_draw_the_share_of_runs_above_each_score() -> None:
    """Counted one by one, right at and right after every step."""
    shown = profiles.data(several(), "encoder", "linear")
    (axes,) = profiles.draw(shown, "single").axes
    runs = [r.metrics["linear"].top1.value for r in several() if r.cell.method == "byol"]

    (drawn,) = lines(axes, "byol")

    assert drawn[0][1] == 1.0
    assert drawn[-1][1] == 0.0
    for threshold, share in drawn:
        assert share == pytest.approx(sum(run > threshold for run in runs) / len(runs))


ALONE: tuple[kinds.Kind, ...] = ("accuracy", "heatmap", "compute", "curves")
"""Kinds that one method on one encoder is enough for."""
OF_RESULTS = tuple(kind for kind in kinds.KINDS if kind != "history")
CASES = [
    *((kind, several, width) for kind in OF_RESULTS for width in style.WIDTHS),
    *((kind, lambda: trained("simclr", [60.0]), "single") for kind in ALONE),
    *((kind, twenty, "single") for kind in OF_RESULTS if kind != "curves"),
]


@pytest.mark.parametrize(("kind", "made", "width"), CASES)
def test_nothing_leaves_the_page_or_is_too_small(
    kind: kinds.Kind, made: Callable[[], list[Result]], width: style.Width
) -> None:
    """One method, three, and twenty with long names; no heading runs into the next panel."""
    asked = kinds.wanted(kind, protocol="linear", against=None, over=None, cells=None, width=width)
    results = [r for r in made() if kind != "curves" or r.cell.encoder == "compact"]
    figure = kinds.DRAW[kind](kinds.data(asked, results), width)
    fits(figure, width)


def test_a_method_looks_the_same_in_every_figure_and_variants_by_their_fill() -> None:
    """Whatever is beside it; two methods of ours never share a colour, nor a marker."""
    names = ["amdim", "byol", "cpc_v2", "moco_v2", "simclr", "yadim", "supervised"]
    every = looks.of_methods([*names, "amdim[width=256]", "mine", "simclr (10 epochs)"])
    assert all(looks.of_methods([name])[name] == every[name] for name in [*names, "mine"])
    for part in ("colour", "marker"):
        methods = {getattr(every[name], part) for name in names[:-1]}
        assert len(methods) == len(names) - 1
    one, two = every["amdim"], every["amdim[width=256]"]
    assert (one.colour, one.marker) == (two.colour, two.marker)
    assert one.fill != two.fill
    assert one.line != two.line
    assert every["simclr (10 epochs)"].colour == every["simclr"].colour
    others = looks.of_methods(f"other{k}" for k in range(28))
    assert len({(look.colour, look.marker) for look in others.values()}) == 28


def test_the_key_of_a_figure_shows_what_is_drawn() -> None:
    """The ceiling is white inside in both; a method is not."""
    results = [*trained("simclr", [60.0, 61.0]), *controls()]
    figure = compute.draw(spent.data(groups(results), "linear", "flops"), "single")
    handles: Any = figure.legends[0].legend_handles
    keys = {each.get_label(): each for each in handles}
    drawn = {bars.get_label(): bars[0] for bars in figure.axes[0].containers}

    assert {*keys} == {*drawn} == {"simclr", "supervised"}
    for name, key in keys.items():
        shown: Any = drawn[name]
        for of in ("get_marker", "get_markerfacecolor", "get_fillstyle", "get_color"):
            assert getattr(key, of)() == getattr(shown, of)()
    assert keys["supervised"].get_markerfacecolor() == "white"


def test_a_name_is_never_read_as_mathematics() -> None:
    """A dollar is a dollar; what has no glyph or moves the cursor is a question mark."""
    assert style.label("a$x^2$") == "a$x^2$"
    assert style.label("日\u202eb\n") == "??b"
    named = trained("a$x^{2}$", [60.0, 61.0])
    (axes,) = accuracy.draw(accuracy.data(groups(named), "linear"), "single").axes

    (label,) = axes.get_yticklabels()

    assert label.get_text() == "a$x^{2}$"
    assert not label.get_parse_math()


@pytest.mark.parametrize("longest", [20, 22, 24, 30])
def test_options_of_a_name_are_whole(longest: int) -> None:
    """On lines of their own; nothing of what tells two variants apart is left out."""
    for name in ("cpc_v2[context_width=64,target_width=32]", "amdim[depth=1,ndf=16,rkhs=128]"):
        lines = style.label(name, longest).split("\n")

        assert "".join(lines) == name
        assert max(map(len, lines)) <= longest


def test_cut_names_stay_different() -> None:
    """Two names that differ in the middle alone."""
    first, second = (f"{'a' * 40}{digit}{'a' * 40}" for digit in "12")

    assert len({*style.labels([first, second])}) == 2
