"""Equal bits are asked where they are promised, and nowhere else."""

from __future__ import annotations

import pytest

from benchmark.evidence.gate import exact
from benchmark.evidence.gate.decide import decide
from benchmark.evidence.gate.findings import Rule
from benchmark.store.result import Result
from tests.benchmark.evidence.gate.stores import OTHER, drawn, executed, loaded
from tests.benchmark.factories import make_result

OLD = executed(make_result(value=70.0))


def test_equal_results_pass_exactly() -> None:
    """One replicate is enough: no statistics are needed."""
    decision = decide(loaded([OLD]), loaded([OLD]), Rule())
    assert (decision.kind, decision.exit_code) == ("pass", 0)
    assert [pair.differs for pair in decision.exact] == [()]
    assert not decision.methods


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (executed(make_result(value=70.0, weights="cd" * 32)), ("weights",)),
        (executed(make_result(value=70.0, steps=393)), ("curve from step 392",)),
    ],
)
def test_other_weights_or_another_curve_are_a_regression(
    new: Result, said: tuple[str, ...]
) -> None:
    """Of reproducibility, though the score is the same."""
    decision = decide(loaded([new]), loaded([OLD]), Rule())
    assert (decision.kind, decision.exit_code) == ("regression", 1)
    assert [pair.differs for pair in decision.exact] == [said]


def test_a_better_score_is_no_reproduction_either() -> None:
    """The fields that differ are named."""
    decision = decide(loaded([executed(make_result(value=71.0))]), loaded([OLD]), Rule())
    assert decision.kind == "regression"
    assert "linear.top1.value" in " ".join(decision.exact[0].differs)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (executed(make_result(value=70.0), "D0"), "determinism D0 and D1, D1 needed"),
        (executed(make_result(value=70.0), None), "determinism not measured and D1, D1 needed"),
        (executed(make_result(value=70.0), threads=2), "execution differs: threads"),
        (executed(make_result(value=70.0), processor="x"), "execution differs: processor"),
        (executed(make_result(value=70.0, closure={})), "sources not recorded"),
        (executed(make_result(value=70.0, closure=OTHER)), "sources changed: "),
    ],
)
def test_elsewhere_exactness_is_not_promised(new: Result, reason: str) -> None:
    """And the reason is said."""
    said = exact.not_promised(new, OLD)
    assert said is not None
    assert said.startswith(reason)


def test_what_is_not_promised_goes_by_intervals() -> None:
    """Other sources and other numbers within the spread: a pass, not a regression."""
    old = [executed(result) for result in drawn(70.0, range(40))]
    new = [
        result.model_copy(
            update={"provenance": result.provenance.model_copy(update={"closure": OTHER})}
        )
        for result in drawn(70.0, range(40), seed=1)
    ]
    decision = decide(loaded(new), loaded(old), Rule())
    assert decision.kind == "pass"
    assert not decision.exact
    assert "by interval: sources changed" in dict(decision.paths)["simclr photos compact pocket"]


def test_a_version_of_this_program_alone_does_not_matter() -> None:
    """What of it could change the number is in the sources' hashes."""
    versions = {**OLD.execution.versions, "cslbench": "9.9"}
    execution = OLD.execution.model_copy(update={"versions": versions})
    assert exact.not_promised(OLD.model_copy(update={"execution": execution}), OLD) is None
