"""Schedules against values worked out by hand."""

from __future__ import annotations

import pytest

from benchmark.training import schedules


def test_cosine_has_the_values_of_a_half_cosine() -> None:
    """1, 3/4, 1/2, 1/4, 0 at 0, 60, 90, 120 and 180 degrees."""
    values = [schedules.cosine(step, 180) for step in (0, 60, 90, 120, 180)]
    assert values == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0], abs=1e-15)


def test_warm_up_starts_at_zero_and_ends_at_one() -> None:
    """Step by warm-up, as SimCLR and BYOL; none means 1 from the start."""
    assert [schedules.linear_warmup(step, 4) for step in range(6)] == [0, 0.25, 0.5, 0.75, 1, 1]
    assert schedules.linear_warmup(0, 0) == 1.0


def test_steps_fall_at_the_rounded_fraction_of_the_run() -> None:
    """MoCo's probe: tenths at epochs 60 and 80 of 100; AMDIM: fifths at 250 and 280 of 300."""
    moco = [schedules.steps(step, 100, (0.6, 0.8), 0.1) for step in (59, 60, 79, 80)]
    assert moco == pytest.approx([1.0, 0.1, 0.1, 0.01])
    amdim = (250 / 300, 280 / 300)
    values = [schedules.steps(step, 300, amdim, 0.2) for step in (249, 250, 279, 280)]
    assert values == pytest.approx([1.0, 0.2, 0.2, 0.04])
    assert schedules.steps(3, 5, (0.6,), 0.1) == pytest.approx(0.1)


def test_cosine_spans_what_the_warm_up_leaves() -> None:
    """10 of warm-up and 60 of cosine: half-way up at 5, the top at 10, half-way down at 40."""
    values = [schedules.factor("cosine", step, 70, warmup=10) for step in (0, 5, 10, 40, 70)]
    assert values == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0], abs=1e-15)
    assert schedules.factor("cosine", 7, 7, warmup=7) == 1.0


def test_steps_and_constant_rise_with_the_warm_up_first() -> None:
    """The milestones count from step 0 whatever the warm-up."""
    values = [
        schedules.factor("steps", step, 10, warmup=4, milestones=(0.5,), gamma=0.2)
        for step in (1, 4, 5)
    ]
    assert values == pytest.approx([0.25, 1.0, 0.2])
    assert schedules.factor("constant", 1, 10, warmup=4) == 0.25
    assert schedules.factor("constant", 9, 10) == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cosine", 11, 10), "step 11 of 10"),
        (("cosine", -1, 10), "step -1 of 10"),
        (("constant", 0, 0), "step 0 of 0"),
        (("linear", 0, 10), "unknown schedule 'linear'"),
    ],
)
def test_impossible_schedules_are_refused(
    arguments: tuple[schedules.Shape, int, int], message: str
) -> None:
    """A step outside the run or an unknown shape says what is allowed."""
    with pytest.raises(ValueError, match=message):
        schedules.factor(*arguments)


def test_impossible_parameters_are_refused() -> None:
    """Warm-ups longer than the run, milestones in epochs."""
    with pytest.raises(ValueError, match="got 11"):
        schedules.factor("cosine", 0, 10, warmup=11)
    with pytest.raises(ValueError, match="fractions"):
        schedules.factor("steps", 0, 10, milestones=(60.0,), gamma=0.1)
