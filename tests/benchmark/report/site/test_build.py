"""The site as text: the same each time, harmless, whole, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from benchmark.cli import site
from benchmark.cli.predicted import Predicted
from benchmark.matrix.budget import NAMED, NOTHING
from benchmark.report.grouping import tables
from benchmark.report.site import aspects, board, cell, nights
from benchmark.report.site.build import Evidence, build
from benchmark.report.site.curve import HEIGHT, WIDTH, curve
from benchmark.store import files
from benchmark.store.result import Result
from methods.settings import Value
from tests.benchmark.factories import SHA, make_cell, make_metric, make_result
from tests.benchmark.report.plot.series import past, stepped
from tests.benchmark.report.site.wicked import ATTACK, NAME, honest, wicked

NEAR = (("simclr", (70.0, 70.5, 70.4)), ("byol", (70.1, 70.2, 70.3)))


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element down."""
        self.found.append((tag, dict(attrs)))


def built(root: Path) -> dict[str, str]:
    """Build the site of a results folder."""
    return dict(build(site.gather(root, (), ()), data="pages/data/"))


def test_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    """Nothing depends on the order of files, on the clock or on hashes."""
    honest(tmp_path)
    once = site.gather(tmp_path, (), ())
    turned = Evidence(once.results[::-1], once.broken, robust=once.robust, refused=once.refused)
    straight = Evidence(once.results, once.broken, robust=once.robust, refused=once.refused)
    assert list(build(turned, data="d/")) == list(build(straight, data="d/"))


def test_a_strangers_text_becomes_no_element(tmp_path: Path) -> None:
    """Every string of the result is an attack; the pages have the elements of an honest site."""
    wicked(tmp_path)
    pages = {path: text for path, text in built(tmp_path).items() if path.endswith(".html")}
    assert len(pages) == 7
    seen = 0
    for path, text in pages.items():
        for tag, attributes in Elements(text).found:
            assert tag != "img", path
            assert not [name for name in attributes if name.startswith("on")], path
            href = attributes.get("href") or ""
            assert (
                re.match(r"(https://arxiv\.org/abs/|data:,|#|(\.\./)*[a-z0-9])", href) or not href
            )
            assert not href.startswith("javascript"), path
        seen += "&lt;script&gt;alert(" in text or "\\u003cscript" in text
        assert "<script>alert(" not in text, path
    assert seen >= 3


def test_the_embedded_rows_are_the_strangers_own_words(tmp_path: Path) -> None:
    """`</script>` inside the data ends nothing: what a script reads is what the result says."""
    wicked(tmp_path)
    text = built(tmp_path)["index.html"]
    inner = text.partition('id="data">')[2].partition("</script>")[0]
    rows = json.loads(inner)["rows"]
    assert rows[0]["method"] == NAME.partition("[")[0]
    assert rows[0]["name"] == ATTACK


def test_every_page_forbids_what_is_not_its_own(tmp_path: Path) -> None:
    """A policy in each page; no address in styles and scripts but the SVG namespace."""
    honest(tmp_path)
    for path, text in built(tmp_path).items():
        if path.endswith(".html"):
            assert "default-src 'none'; script-src 'self'; style-src 'self'" in text
            sources = [a.get("src") or "" for tag, a in Elements(text).found if tag == "script"]
            assert all("//" not in each for each in sources)
            assert " style=" not in text
        else:
            addresses = re.findall(r"https?://[^\"' )]+", text)
            assert set(addresses) <= {"http://www.w3.org/2000/svg"}, path


def test_every_link_leads_somewhere(tmp_path: Path) -> None:
    """Pages, styles, scripts and result files that are linked are in the site."""
    honest(tmp_path / "results")
    out = tmp_path / "site"
    site.write_shipped(out, tmp_path / "results")
    checked = 0
    for page in out.rglob("*.html"):
        for _, attributes in Elements(page.read_text()).found:
            for name in ("href", "src"):
                link = attributes.get(name) or "#"
                if not link.startswith(("#", "https:", "data:")):
                    assert (page.parent / link).is_file(), f"{page}: {link}"
                    checked += 1
    assert checked > 100


def test_a_history_is_a_page_that_every_page_links_to(tmp_path: Path) -> None:
    """Only where there is one; a step is marked on the night that it came, at its height."""
    honest(tmp_path)
    evidence = site.gather(tmp_path, (), ())
    without = dict(build(evidence, data="d/"))
    found = past({"simclr": stepped(20, 1.0), ATTACK: stepped(20, 0.0)})
    pages = dict(build(replace(evidence, past=found), data="d/"))

    assert not [path for path, text in without.items() if "history.html" in path + text]
    linked = [path for path, text in pages.items() if 'pages/history.html">History' in text]
    assert {path for path in pages if path.endswith(".html")} == {*linked, "pages/history.html"}
    shown = pages["pages/history.html"]
    assert "<script>alert(" not in shown
    assert shown.count("<circle") == 40
    assert 'class="change" x="' in shown
    assert "−4.0 points on 2026-11-12" in shown


def test_charts_of_nights_stay_in_their_box() -> None:
    """Dates from left to right with their gaps, a point as high in every chart."""
    told = nights.page(past({"a": stepped(20, 1.0), "b": stepped(20, 0.0), "c": [[70.0]] * 20}))
    first, second, bare = told["charts"]
    at = [float(point["x"]) for point in first["points"]]
    gaps = np.diff(at)
    assert np.argmax(gaps) == 3
    assert gaps[3] == pytest.approx(2 * gaps[0], abs=0.2)
    for chart in told["charts"]:
        for point in chart["points"]:
            assert 0 < float(point["x"]) < nights.WIDTH
            heights = [float(each) for each in (point["y"], *(point["bar"] or ()))]
            assert all(nights.TOP <= y <= nights.HEIGHT - nights.BOTTOM for y in heights)
    a, b = ({float(t.text): float(t.at) for t in chart["y"]} for chart in (first, second))
    low, high = sorted({*a} & {*b})[:2]
    assert a[low] - a[high] == pytest.approx(b[low] - b[high], abs=0.2)
    assert {point["bar"] for point in bare["points"]} == {None}
    assert float(first["levels"][0][2]) < float(first["levels"][1][2])


def scored_on_five(value: float) -> Result:
    """Return a result of five test images."""
    found = make_result()
    score = found.metrics["linear"].model_copy(update={"top1": make_metric(value, n=5)})
    return found.model_copy(update={"metrics": {"linear": score}})


def test_a_number_that_its_predictions_refute_is_named_and_not_used(tmp_path: Path) -> None:
    """On the board and on the pages, as predictions that cannot be read are."""
    labels = np.array([0, 0, 1, 2, 2])
    path = files.write(tmp_path, scored_on_five(60.0), {"labels": labels, "linear": labels})
    predicted = Predicted(tmp_path, counting=True)
    assert predicted.of(files.read(path)) == {}
    (broken,) = predicted.damaged
    assert broken.path == files.predictions_path(path)
    assert "top-1 is 60.0 percent, the predictions give 5 of 5" in broken.reason
    assert predicted.counts == {}


def test_confusions_are_those_of_the_predictions(tmp_path: Path) -> None:
    """Counted by hand: 3 classes, one image of class 0 taken for 2."""
    labels = np.array([0, 0, 1, 2, 2])
    result = scored_on_five(80.0)
    files.write(tmp_path, result, {"labels": labels, "linear": np.array([0, 2, 1, 2, 2])})
    predicted = Predicted(tmp_path, counting=True)
    stored = files.read_all(tmp_path).results[0]
    predicted.of(stored)
    assert predicted.counts[result.id] == [[1, 0, 1], [0, 1, 0], [0, 0, 2]]
    row = tables([stored])[0].rows[0]
    shown = cell.confusion(row, predicted.counts)
    assert shown is not None
    assert shown["lines"][2] == '<td class="h0">0</td><td class="h0">0</td><td class="h9">2</td>'


def test_many_classes_are_listed_by_what_is_confused_most() -> None:
    """A matrix of 40 classes is no table: the largest mistakes stand first."""
    row = tables([make_result()])[0].rows[0]
    counts = np.eye(40, dtype=int)
    counts[3, 7], counts[9, 1] = 5, 6
    shown = cell.confusion(row, {row.final[0].id: counts.tolist()})
    assert shown is not None
    assert shown["most"] == [(6, 9, 1), (5, 3, 7)]


def test_the_page_on_reading_says_which_test_decides(tmp_path: Path) -> None:
    """Of dependent test images the flipped signs; and nothing of a merge is left on the page."""
    honest(tmp_path)
    text = built(tmp_path)["pages/reading.html"]

    assert "flipping signs tile by tile, and that p decides" in text
    assert "Not told apart from the untrained encoder, or worse than it." in text
    assert not re.search(r"^(<{7}|={7}|>{7})", text, re.MULTILINE)


def test_rows_that_may_not_be_compared_have_no_rank() -> None:
    """Places go to rows of one resolution and two replicates; the others say why they have none."""
    results = [make_result(m, v, replicate=r) for m, own in NEAR for r, v in enumerate(own)]
    results += [
        make_result(cell=make_cell("amdim", replicate=r, values={"resolution": 64}), value=95.0 + r)
        for r in range(3)
    ]
    results += [make_result("yadim", 99.0)]

    lines = {line["method"]: line for line in board.ours(tables(results), (), None)}

    ranks = {name: (line.get("best"), line.get("worst")) for name, line in lines.items()}
    assert ranks == {"simclr": (1, 2), "byol": (1, 2), "amdim": (None, None), "yadim": (None, None)}
    assert "not compared: 64 px vs 32 px resolution" in lines["amdim"]["marks"]
    assert "not ranked: one replicate" in lines["yadim"]["marks"]


def views(method: str) -> dict[str, Value]:
    """Return the setting that a name with this option has."""
    return {"views": "patches"} if "patches" in method else {}


def test_a_row_has_the_floor_and_the_ceiling_of_its_own_resolution() -> None:
    """One at another resolution, or of other views, is drawn beside its own rows only."""
    floors = {("random_init", 32): 40.0, ("random_init", 64): 50.0}
    floors[("random_init[views=patches]", 32)] = 30.0
    taught = {("supervised", 32): 80.0, ("supervised", 64): 90.0}
    scores = {**floors, **taught, ("simclr", 32): 60.0, ("byol", 64): 70.0, ("amdim", 48): 65.0}
    results = []
    for (method, px), value in scores.items():
        budget = NOTHING if method.startswith("random_init") else NAMED["pocket"]
        seen: dict[str, Value] = {"resolution": px, "views": "images"}
        cell = make_cell(method, values=seen | views(method), budget=budget)
        results.append(make_result(cell=cell, value=value, dataset_sha256=SHA))

    lines = board.ours(tables(results), (), None)

    drawn = {
        (line["method"], line["mean"]): (line.get("floor"), line.get("ceilings")) for line in lines
    }
    assert drawn == {
        ("simclr", 60.0): (40.0, [80.0]), ("byol", 70.0): (50.0, [90.0]),
        ("amdim", 65.0): (None, None), ("supervised", 80.0): (40.0, None),
        ("supervised", 90.0): (50.0, None), ("random_init", 40.0): (None, [80.0]),
        ("random_init", 50.0): (None, [90.0]), ("random_init", 30.0): (None, [80.0]),
    }  # fmt: skip


def test_curves_stay_in_their_box() -> None:
    """First step to the left, last to the right, the largest loss on top."""
    found = curve(tables([make_result()])[0].rows[0])
    assert found is not None
    points = [tuple(map(float, each.split(","))) for each in found.lines[0].points.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert points[0][0] < points[-1][0]
    assert points[0][1] < points[-1][1]


@pytest.mark.parametrize("least", [5e-324, 2e-323, 1e-310, 1.7e308])
def test_curves_of_extreme_losses_stay_in_their_box(least: float) -> None:
    """The smallest floats have no half, and their powers of ten are 0."""
    result = make_result()
    losses = (least, 0.0, 0.0)
    points = tuple(
        point.model_copy(update={"loss": loss})
        for point, loss in zip(result.curve, losses, strict=False)
    )
    assert len(points) > 1
    found = curve(tables([result.model_copy(update={"curve": points})])[0].rows[0])
    assert found is not None
    heights = [float(each.split(",")[1]) for each in found.lines[0].points.split()]
    assert all(0 <= y <= HEIGHT for y in heights)
    assert found.y


@pytest.mark.parametrize(
    ("method", "values", "similarity", "loss"),
    [
        ("simclr", {"temperature": 0.25}, "Cosine(0.25)", "InfoNCE"),
        ("yadim", {"clip": 15.0}, "ScaledDot", "ClippedNCE(clip=15.0)"),
        ("byol", {}, "Cosine", "Attraction"),
        ("nobodys", {}, "not known here", "not known here"),
    ],
)
def test_aspects_come_from_the_recipe(
    method: str, values: dict[str, float], similarity: str, loss: str
) -> None:
    """As the source of the recipe has them, with the values of the cell."""
    result = make_result(method)
    own = result.cell.model_copy(update={"values": {"resolution": 32, **values}})
    row = tables([make_result(cell=own)])[0].rows[0]
    found = aspects.five(row)
    assert (found["similarity"].text, found["loss"].text) == (similarity, loss)
    assert bool(found["loss"].about) == (method != "nobodys")


def test_an_encoder_that_is_never_trained_has_no_loss() -> None:
    """Though its recipe must name one, to be a recipe."""
    found = aspects.five(tables([make_result("random_init", steps=0)])[0].rows[0])
    assert found.pop("encoder").text == "compact"
    assert {part.text for part in found.values()} == {"none: it is never trained"}


def test_rows_without_a_linear_probe_are_measured_too() -> None:
    """Their group says on how many images, and their page gives what there is."""
    scored = make_result("simclr", scores={"linear": 70.0, "knn": 61.0})
    alone = scored.model_copy(update={"metrics": {"knn": scored.metrics["knn"]}})
    (found,) = tables([alone])
    (group,) = board.groups([found])
    assert re.match(r"2\s?048 test images; ", group["about"])
    assert "nobody was scored by a linear probe" in group["about"]
    (page,) = (text for path, text in build(Evidence((alone,), ()), data="d/") if "cells/" in path)
    top1 = alone.metrics["knn"].top1.value
    assert f'<span class="big">{top1:.1f}</span><span class="unit">% knn top-1</span>' in page


@pytest.mark.parametrize("mark", ["untuned", "extrapolated", "leaks", "repeats another"])
def test_the_page_on_reading_explains_what_stands_on_rows(tmp_path: Path, mark: str) -> None:
    """Each by its own name."""
    assert mark in built(tmp_path)["pages/reading.html"]
