"""The gate on folders of synthetic results: each exit code, and both looks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from benchmark.evidence.gate.decide import Fresh, decide
from benchmark.evidence.gate.findings import Rule
from benchmark.store.files import Broken, Loaded
from benchmark.store.result import Result
from tests.benchmark.evidence.gate.stores import drawn, loaded, timed
from tests.benchmark.factories import make_result

OLD = drawn(70.0, range(10))
WORSE = drawn(66.0, (10, 11, 12), seed=1)
SAME = drawn(70.0, (10, 11, 12, 13, 14, 15), seed=2)


def test_the_same_law_passes() -> None:
    """Six new replicates against ten, of sd 0.5 and a margin of 2 points."""
    decision = decide(loaded(SAME), loaded(OLD), Rule(margin=2.0))
    assert (decision.kind, decision.exit_code) == ("pass", 0)
    finding = decision.methods[0]
    assert finding.low is not None
    assert finding.low > -2.0


def test_a_drop_is_a_regression_and_says_what_to_run_again() -> None:
    """New replicates, as many as make the second look as sharp as the first."""
    decision = decide(loaded(WORSE), loaded(OLD), Rule())
    assert (decision.kind, decision.exit_code) == ("regression", 1)
    assert decision.methods[0].suspect
    assert [rerun.replicates for rerun in decision.reruns] == [(13, 14, 15, 16, 17)]


def test_a_rise_never_fails() -> None:
    """Only harm does."""
    better = drawn(74.0, (10, 11, 12), seed=1)
    assert decide(loaded(better), loaded(OLD), Rule()).kind == "pass"


def test_a_drop_below_the_margin_is_no_regression() -> None:
    """However surely it is one: 2 points where 5 are allowed."""
    slightly = drawn(68.0, range(10, 20), seed=1)
    decision = decide(loaded(slightly), loaded(OLD), Rule(margin=5.0))
    finding = decision.methods[0]
    assert finding.high is not None
    assert finding.high < 0
    assert decision.kind == "pass"


def test_one_old_replicate_is_inconclusive() -> None:
    """It tells no spread: exit 3."""
    decision = decide(loaded(WORSE), loaded(OLD[:1]), Rule())
    assert (decision.kind, decision.exit_code) == ("inconclusive", 3)


def test_few_old_replicates_are_said() -> None:
    """And widen the interval."""
    few = decide(loaded(WORSE), loaded(OLD[:3]), Rule()).methods[0]
    many = decide(loaded(WORSE), loaded(OLD), Rule()).methods[0]
    assert few.reason == "only 3 of 10 replicates in the baseline"
    assert not many.reason
    assert few.change is not None
    assert many.change is not None
    widths = [(each.high(0.01) - each.estimate) / each.sd for each in (few.change, many.change)]
    assert widths[0] > 2 * widths[1]


@pytest.mark.parametrize(
    ("new", "old", "reason"),
    [
        (SAME, [*OLD, *drawn(70.0, [0], method="byol")], "not run: only the baseline has it"),
        ([*SAME, *drawn(70.0, [0], method="byol")], OLD, "no replicate in the baseline"),
        ([*SAME, make_result(replicate=20, status="failed", error="x")], OLD, "new r20 failed: x"),
        ([*SAME, make_result(replicate=20, dataset_sha256="0" * 64)], OLD, "the dataset's content"),
    ],
)
def test_what_is_missing_could_not_be_measured(
    new: list[Result], old: list[Result], reason: str
) -> None:
    """Exit 2, with the reason."""
    decision = decide(loaded(new), loaded(old), Rule(margin=2.0))
    assert (decision.kind, decision.exit_code) == ("could not measure", 2)
    assert any(each.reason.startswith(reason) for each in decision.unmeasured)


def test_a_file_that_cannot_be_read_could_not_be_measured() -> None:
    """It is named, not skipped."""
    damaged = Loaded(tuple(SAME), (Broken(Path("a/b.json"), "damaged JSON"),))
    decision = decide(damaged, loaded(OLD), Rule(margin=2.0))
    assert decision.exit_code == 2
    assert decision.unmeasured[0].name == "new b.json"


def test_nothing_at_all_could_not_be_measured() -> None:
    """An empty night is no pass."""
    assert decide(loaded([]), loaded([]), Rule()).exit_code == 2


def test_a_regression_comes_before_what_could_not_be_measured() -> None:
    """1 before 2."""
    missing = drawn(70.0, [0], method="byol")
    assert decide(loaded(WORSE), loaded([*OLD, *missing]), Rule()).exit_code == 1


def test_a_suspect_is_decided_by_fresh_results_alone() -> None:
    """Three unlucky replicates, then five as the baseline's: no regression."""
    fresh = Fresh(loaded(drawn(70.0, range(20, 60), seed=3)), loaded(drawn(70.0, range(20, 60))))
    decision = decide(loaded(WORSE), loaded(OLD), Rule(), fresh)
    assert (decision.kind, decision.methods[0].look) == ("pass", 2)
    worse = Fresh(loaded(drawn(66.0, range(20, 25), seed=3)), loaded(drawn(70.0, range(20, 25))))
    confirmed = decide(loaded(WORSE), loaded(OLD), Rule(), worse)
    assert (confirmed.kind, confirmed.reruns) == ("regression", ())


def test_replicates_that_were_looked_at_are_not_fresh() -> None:
    """Offered again they say nothing, and the suspect is left undecided."""
    decision = decide(loaded(WORSE), loaded(OLD), Rule(), Fresh(loaded(WORSE), None))
    assert decision.exit_code == 2
    assert decision.methods[0].reason == "no new replicate"


def one_of_ten_encoders() -> tuple[list[Result], list[Result]]:
    """Make new and old results of one method, of which one encoder drops: too little for it."""
    encoders = ["compact", *(f"resnet{depth}" for depth in range(18, 27))]
    old = [r for e in encoders for r in drawn(70.0, range(10), seed=len(e), encoder=e)]
    new = [r for e in encoders[1:] for r in drawn(70.3, (10, 11, 12), seed=7, encoder=e)]
    return [*new, *drawn(66.0, (10, 11, 12), seed=1)], old


def test_a_suspected_cell_that_nothing_clears_leaves_the_night_open() -> None:
    """Its method passes; 1.8 points lower where 2 are allowed, of five replicates, is no pass."""
    new, old = map(loaded, one_of_ten_encoders())
    before, after = drawn(70.0, range(20, 25), seed=3), drawn(68.2, range(20, 25), seed=3)
    decision = decide(new, old, Rule(margin=2.0), Fresh(loaded(after), loaded(before)))

    assert [method.kind for method in decision.methods] == ["pass"]
    assert {cell.kind for cell in decision.cells if cell.look == 2} == {"inconclusive"}
    assert (decision.kind, decision.exit_code) == ("inconclusive", 3)


@pytest.mark.parametrize("again", [("new",), ("old",), ()])
def test_a_suspected_cell_without_a_second_look_is_not_cleared(again: tuple[str, ...]) -> None:
    """Nobody else would say that it dropped."""
    new, old = one_of_ten_encoders()
    first = decide(loaded(new), loaded(old), Rule(margin=2.0))
    suspects = [each.name for each in first.cells if each.suspect]
    assert (first.methods[0].kind, first.kind, len(suspects)) == ("pass", "regression", 1)
    sides = {side: loaded(drawn(70.0, range(20, 25))) for side in again}
    fresh = Fresh(sides.get("new", loaded([])), sides.get("old", loaded([])))
    decision = decide(loaded(new), loaded(old), Rule(margin=2.0), fresh)
    assert decision.exit_code == 2
    reason = "no replicate in the baseline" if again == ("new",) else "no new replicate"
    said = [(each.name, each.reason) for each in decision.unmeasured]
    assert said == [(suspects[0], f"run again: {reason}")]
    both = Fresh(loaded(drawn(70.0, range(20, 60), seed=3)), loaded(drawn(70.0, range(20, 60))))
    assert decide(loaded(new), loaded(old), Rule(margin=2.0), both).kind == "pass"


def failing(replicate: int, status: Literal["failed", "timeout"] = "failed") -> Result:
    """Make a replicate that came to nothing."""
    error = "loss is nan" if status == "failed" else None
    return make_result(replicate=replicate, status=status, error=error)


def test_a_suspect_that_failed_in_part_at_the_second_look_is_left_open() -> None:
    """The rest would clear it; what failed is named, and the night is exit 3."""
    old = loaded(drawn(70.0, range(20, 60)))
    new = [*drawn(70.0, range(20, 58), seed=3), failing(58), failing(59, "timeout")]
    decision = decide(loaded(WORSE), loaded(OLD), Rule(), Fresh(loaded(new), old))
    method = decision.methods[0]

    assert (decision.exit_code, method.kind, method.look) == (3, "inconclusive", 2)
    assert method.reason == (
        "run again only in part: simclr photos compact pocket: "
        "new r58 failed: loss is nan, r59 timeout"
    )
    assert [cell.kind for cell in decision.cells] == ["inconclusive"]


def test_the_rest_may_convict_a_suspect_that_failed_in_part() -> None:
    """Four of five replicates prove the drop: a failure does not hide it."""
    new = [*drawn(66.0, range(20, 24), seed=3), failing(24)]
    fresh = Fresh(loaded(new), loaded(drawn(70.0, range(20, 25))))

    assert decide(loaded(WORSE), loaded(OLD), Rule(), fresh).exit_code == 1


def test_the_second_look_needs_as_many_replicates_as_were_asked_for() -> None:
    """Two of five on either side clear nobody; a baseline that stays as it was owes none."""
    few, many = drawn(75.0, range(20, 22), seed=3), drawn(75.0, range(20, 60), seed=3)
    old = drawn(70.0, range(20, 60))
    for fresh, said in (
        (Fresh(loaded(few), loaded(old)), "new 2 of 5 replicates"),
        (Fresh(loaded(many), loaded(old[:2])), "baseline 2 of 5 replicates"),
        (Fresh(loaded(few), None), "new 2 of 5 replicates"),
    ):
        decision = decide(loaded(WORSE), loaded(OLD), Rule(), fresh)
        assert decision.exit_code == 3
        assert decision.methods[0].reason.endswith(said)
    assert decide(loaded(WORSE), loaded(OLD), Rule(), Fresh(loaded(many), None)).exit_code == 0


def test_a_replicate_of_a_method_needs_all_its_cells() -> None:
    """Two encoders: only replicates that both have are means of the method."""
    old = [
        make_result(value=70.0 + r, replicate=r, encoder=e)
        for r in range(3)
        for e in ("compact", "resnet18")
    ]
    new = [
        make_result(value=60.0, replicate=9),
        make_result(value=90.0, replicate=9, encoder="resnet18"),
        make_result(value=0.0, replicate=10),
    ]
    change = decide(loaded(new), loaded(old), Rule()).methods[0].change
    assert change is not None
    assert (change.new, change.new_mean, change.old, change.old_mean) == (1, 75.0, 3, 71.0)


def test_speed_is_a_ratio_to_the_kernel() -> None:
    """A machine twice as slow as a whole is no regression, a run twice as slow is."""
    spread = [1 + 0.01 * (r % 3) for r in range(10)]
    old = [timed(r, 10 * x, 0.1) for r, x in zip(OLD, spread, strict=True)]
    slow_machine = [timed(r, 20.0, 0.2) for r in SAME]
    slow_run = [timed(r, 20.0, 0.1) for r in SAME]
    rule = Rule(margin=2.0)
    assert decide(loaded(slow_machine), loaded(old), rule).costs[0].kind == "pass"
    assert decide(loaded(slow_run), loaded(old), rule).costs[0].kind == "regression"


def test_a_slow_night_is_a_warning_unless_it_is_to_fail() -> None:
    """A busy machine is as slow: the night passes, and is a regression only if asked."""
    old = [timed(r, 10 * (1 + 0.01 * (r.cell.replicate % 3)), 0.1) for r in OLD]
    slow = [timed(r, 20.0, 0.1) for r in SAME]
    decision = decide(loaded(slow), loaded(old), Rule(margin=2.0))
    assert (decision.kind, [cost.of for cost in decision.warnings]) == ("pass", ["speed"])
    strict = decide(loaded(slow), loaded(old), Rule(margin=2.0, fail_on_cost=True))
    assert (strict.kind, strict.warnings) == ("regression", ())


def test_without_a_kernel_speed_is_not_measured() -> None:
    """Nor is a CPU's memory; neither changes the exit code."""
    decision = decide(loaded(SAME), loaded(OLD), Rule(margin=2.0))
    assert [cost.reason for cost in decision.costs] == [
        "not measured: no time of a calibration kernel in the results",
        "not measured: a CPU's peak is of the whole process, not of the cell",
    ]
    assert decision.exit_code == 0
