"""Any axis by any other: what stands in a cell, what is marked, and what is never compared."""

from __future__ import annotations

import statistics
from itertools import combinations

import pytest
from scipy import stats

from benchmark.errors import UsageError
from benchmark.evidence.reported import Reported, parse
from benchmark.matrix.budget import Budget
from benchmark.report.table.formats import MEDIA
from benchmark.report.table.model import Entry, Panel, Pivot, Receipt, Request
from benchmark.report.table.pivot import build
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result
from tests.benchmark.report.table.stores import SCORES, several


def cells(panel: Panel) -> dict[tuple[str, ...], Entry]:
    """Return a panel's cells by their labels, down the side and then along the top."""
    heads = [*zip(*panel.header, strict=True)]
    return {
        (*labels, *head): entry
        for labels, row in zip(panel.labels, panel.cells, strict=True)
        for head, entry in zip(heads, row, strict=True)
    }


def receipt(pivot: Pivot, method: str, value: str = "linear_top1") -> Receipt:
    """Return the first receipt of a method."""
    found = pivot.receipts.receipts
    return next(r for r in found if r.row.get("method") == method and r.value == value)


def made(results: list[Result], **asked: object) -> Pivot:
    """Build a table without reported numbers."""
    return build(Request.model_validate({"published": False, **asked}), results)


def test_a_cell_is_the_mean_and_half_of_the_t_interval() -> None:
    """By scipy's own interval."""
    found = receipt(made(several()), "simclr")
    values = SCORES["simclr"]
    half = float(stats.sem(values) * stats.t.ppf(0.975, df=2))

    assert found.mean == pytest.approx(statistics.fmean(values))
    assert found.low == pytest.approx(statistics.fmean(values) - half)
    assert found.sd == pytest.approx(statistics.stdev(values))
    assert found.printed == f"70.3 ± {half:.1f}"
    assert (found.n, found.replicates, found.values) == (3, (0, 1, 2), values)
    assert found.results == tuple(make_cell("simclr", replicate=k).pretrain_id for k in range(3))
    assert found.commits == ("0123456789abcdef0123456789abcdef01234567",)


def test_best_and_tied_follow_paired_tests_corrected_after_holm() -> None:
    """By scipy's paired test: simclr and byol are not told apart, moco_v2 is from both."""
    marks = {name: receipt(made(several()), name).mark for name in SCORES}
    ps = sorted(
        (stats.ttest_rel(SCORES[a], SCORES[b]).pvalue, a, b) for a, b in combinations(SCORES, 2)
    )
    apart = [{a, b} for rank, (p, a, b) in enumerate(ps) if p * (3 - rank) < 0.05]

    assert len(apart) == 2
    assert {"simclr", "byol"} not in apart
    assert marks == {"simclr": "best", "byol": "tied", "moco_v2": ""}


def test_controls_are_shown_and_never_ranked() -> None:
    """The floor stands in the table of the budget of the methods."""
    results = [r for r in several() if r.cell.base_method != "random_init"]
    results += [make_result("supervised", 99.0, replicate=k) for k in range(3)]

    assert receipt(made(results), "supervised").mark == ""
    assert receipt(made(several()), "random_init").printed.startswith("41.0")


def test_any_axis_goes_anywhere() -> None:
    """The transpose holds the same cells, and each cell its own place."""
    plain = made(several())
    turned = made(several(), rows=("dataset", "encoder"), columns=("method",))

    assert plain.panels[0].header == (("photos", "photos"), ("compact", "resnet18"))
    assert turned.panels[0].corner == ("dataset", "encoder")
    ours = {(m, d, e): cell.text for (m, d, e), cell in cells(plain.panels[0]).items()}
    theirs = {(m, d, e): cell.text for (d, e, m), cell in cells(turned.panels[0]).items()}
    assert ours == theirs
    assert {r.mark for r in turned.receipts.receipts} == {"best", "tied", ""}


def test_several_protocols_stand_side_by_side() -> None:
    """Each value has a column of its own and marks of its own."""
    found = made(several(), values=("linear_top1", "knn_top1"), columns=("dataset",), rows=(
        "encoder", "method"))  # fmt: skip
    at = cells(found.panels[0])

    assert at["compact", "SimCLR", "photos", "linear top-1"].text.startswith("70.3")
    assert at["compact", "SimCLR", "photos", "knn top-1"].text.startswith("59.8")
    assert at["resnet18", "SimCLR", "photos", "knn top-1"].text == "no knn"


def test_replicates_can_be_an_axis() -> None:
    """One number a cell, and nothing is marked."""
    found = made(several(), columns=("replicate", "encoder"))
    at = cells(found.panels[0])

    assert at["SimCLR", "r1", "compact"].text == "70.5"
    assert not any(entry.mark for entry in at.values())


def test_failed_missing_and_never_run_cells_are_told_apart() -> None:
    """A word each; the footnote says of which replicates."""
    wanted = [make_cell("yadim", replicate=k) for k in range(2)]
    found = build(Request(published=False), several(), wanted=wanted)
    at = cells(found.panels[0])

    assert at["BYOL", "photos", "resnet18"].text == "failed"
    assert at["YADIM", "photos", "compact"].text == "missing"
    assert at["YADIM", "photos", "resnet18"].text == "–"
    assert "missing: r0 r1" in found.panels[0].notes
    assert receipt(found, "yadim").n == 0


def test_collapsed_and_stale_cells_are_marked() -> None:
    """A collapsed replicate counts, and is said; what changed since is said."""
    results = several()
    results += [make_result("yadim", 50.0, replicate=0, status="collapsed")]
    results += [make_result("yadim", 51.0, replicate=1)]
    changed = {results[-1].id: "stale (nce.py changed)"}
    found = build(Request(published=False), results, stale=changed)

    notes = receipt(found, "yadim").notes
    assert any(note.startswith("collapsed: 1 of 2") for note in notes)
    assert "stale (nce.py changed)" in notes


def test_one_replicate_has_no_interval_and_says_so() -> None:
    """No ±, a footnote, no mark; n stands in the cell as it is not the table's."""
    found = receipt(made([*several(), make_result("yadim", 90.0)]), "yadim")

    assert found.printed == "90.0 (n = 1)"
    assert "one replicate: no interval over seeds" in found.notes
    assert (found.interval, found.low, found.mark) == ("none: one replicate", None, "")
    assert found.test == "no test: one replicate"
    assert "not ranked: one replicate" in found.notes


def test_the_highest_mean_of_the_ranked_is_bold_beside_a_higher_one_of_one_replicate() -> None:
    """The sentence above the table says so, and the test of the ranked names the row left aside."""
    found = made([*several(), make_result("yadim", 90.0)])

    assert receipt(found, "simclr").mark == "best"
    assert receipt(found, "simclr").test.endswith("5 %; left aside: yadim")
    (said,) = [text for text in found.panels[0].about if text.startswith("Bold")]
    assert "highest mean of the ranked; italic: may be the best" in said


def test_a_lower_mean_may_be_italic_where_a_higher_one_is_not_and_the_table_says_so() -> None:
    """Differences from the best vary by 20 points for the one, by 0.2 for the other."""
    scores = {
        "simclr": (70.0, 70.1, 70.2),
        "byol": (50.0, 65.0, 70.0),
        "moco_v2": (65.0, 65.2, 65.1),
    }
    found = made([
        make_result(name, value, replicate=k)
        for name, values in scores.items()
        for k, value in enumerate(values)
    ])  # fmt: skip

    assert [receipt(found, name).mark for name in scores] == ["best", "tied", ""]
    (said,) = [text for text in found.panels[0].about if text.startswith("Bold")]
    assert "Tests are paired: a method whose differences from the best vary more may" in said


def test_a_row_of_other_replicates_does_not_stop_the_others_from_being_ranked() -> None:
    """The marks of the others are as without it, and it says why it has none."""
    results = [*several(), *(make_result("yadim", 90.0 + k, replicate=k) for k in (7, 8, 9))]
    found = made(results)

    assert [receipt(found, name).mark for name in SCORES] == ["best", "tied", ""]
    assert (receipt(found, "yadim").mark, receipt(found, "yadim").notes) == (
        "", ("not ranked: r7, r8, r9 share too little with the ranked rows",),
    )  # fmt: skip


def test_the_largest_set_of_rows_is_ranked_over_all_that_it_shares() -> None:
    """Three rows share r1 and r2; two alone would share three replicates."""
    have = {"simclr": (0, 1, 2), "byol": (0, 1, 2), "moco_v2": (1, 2, 3), "amdim": (3, 4)}
    found = made([
        make_result(name, 60.0 + 3 * at + 0.1 * k * k, replicate=k)
        for at, (name, own) in enumerate(have.items())
        for k in own
    ])  # fmt: skip

    tested = {name: receipt(found, name).test for name in have}
    assert tested["moco_v2"].startswith("paired t over replicates 1, 2; Holm over 3 pairs")
    assert tested["simclr"] == tested["byol"] == tested["moco_v2"]
    assert tested["amdim"] == "no test: too few shared replicates"
    assert receipt(found, "moco_v2").notes == ("ranked without r3, which not all have",)


def test_numbers_of_other_resolutions_are_not_ranked_together() -> None:
    """A blocking field differs: whatever its number, it has no mark and says why."""
    results = several()
    for k in range(3):
        cell = make_cell("amdim", replicate=k, values={"resolution": 64})
        results.append(make_result(cell=cell, value=95.0 + k / 10))
    found = receipt(made(results), "amdim")

    assert found.mark == ""
    assert found.notes == ("not compared: 64 px vs 32 px resolution",)


def test_budgets_that_differ_are_never_in_one_order() -> None:
    """An axis in no place splits the table; in a place, the marks stay within its values."""
    results = several()
    for name, value in (("simclr", 80.0), ("byol", 90.0)):
        for k in range(3):
            cell = make_cell(name, replicate=k, budget=Budget("twice", "images", 100_000))
            results.append(make_result(cell=cell, value=value + k / 10))
    split = made(results, columns=("dataset", "encoder"))
    side = made(results, columns=("budget", "encoder"))

    assert len(split.panels) == 2
    assert len(side.panels) == 1
    bests = [r for r in side.receipts.receipts if r.mark == "best"]
    assert len({(r.column["budget"], r.column["encoder"]) for r in bests}) == len(bests) == 3


def test_two_rows_of_one_name_are_told_apart() -> None:
    """Another learning rate is another row."""
    results = several()
    for k in (0, 1):
        results.append(make_result(cell=make_cell("simclr", replicate=k, learning_rate=9e-3)))
    names = [r.row["method"] for r in made(results).receipts.receipts]

    assert sum(name.startswith("simclr (rate") for name in names) == 4  # two rows, two encoders


def reported(certainty: str = "seen") -> tuple[Reported, ...]:
    """Make a number of one's own."""
    return parse(
        "reported:\n- {id: mine, value: 71.5, unit: percent, metric: top1, method: simclr,\n"
        f"   dataset: photos, encoder: resnet50, source: a friend, certainty: {certainty}}}\n",
        "mine.yaml",
    )


def test_reported_numbers_stand_beside_ours_with_their_certainty() -> None:
    """In a column of their own, only where there is one; the footnote says why it is no match."""
    found = build(Request(columns=("encoder",)), several(), reported("memory"))
    at = cells(found.panels[0])

    assert found.panels[0].header[1] == ("linear top-1", "reported") * 2
    assert at["SimCLR", "compact", "reported"].text == "71.5 (from memory)"
    assert at["BYOL", "compact", "reported"].text == ""
    own = receipt(found, "simclr", "reported")
    assert (own.reported, own.certainty) == ("mine", "memory")
    assert own.verdict == "from memory: no verdict"
    assert "Source (from memory): a friend" in own.notes[0]
    seen = receipt(build(Request(), several(), reported()), "simclr", "reported")
    assert seen.verdict is not None
    assert seen.verdict.startswith("not comparable: compact vs resnet50 encoder")


@pytest.mark.parametrize("form", sorted(MEDIA))
def test_the_same_results_make_the_same_bytes_in_any_order(form: str) -> None:
    """Whatever order files are read in."""
    request = Request.model_validate({"format": form})
    texts = {
        MEDIA[request.format].render(build(request, results, reported()), "x.json")
        for results in (several(), several()[::-1])
    }

    assert len(texts) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rows": ("methods",)}, "unknown axis 'methods'; did you mean 'method'?"),
        ({"rows": ("method", "encoder")}, "axis 'encoder' twice"),
        ({"rows": ()}, "needs an axis"),
        ({"values": ("linear",)}, "value 'linear' must be a protocol and top1 or top5"),
        ({"values": ("linaer_top1",)}, "did you mean 'linear_top1'?"),
        ({"values": ()}, "needs a value"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(asked: dict[str, object], said: str) -> None:
    """The sentence names what was given and what is allowed."""
    with pytest.raises(UsageError) as caught:
        made(several(), **asked)

    assert said in str(caught.value)


def test_nothing_makes_no_table() -> None:
    """It is said, not shown as an empty table."""
    with pytest.raises(UsageError, match="nothing to make a table of"):
        made([])
