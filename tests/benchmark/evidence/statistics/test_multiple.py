"""Corrections against scipy and by hand, and what planned looks spend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.evidence.statistics.multiple import (
    Spending,
    alpha_spent,
    benjamini_hochberg,
    holm,
)
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations


def test_holm_gives_the_values_worked_by_hand() -> None:
    """0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 is raised to the one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(pvalues: list[float]) -> None:
    """Never below the p given, never above n times it, and as ordered as they were."""
    corrected = holm(pvalues)

    for p, q in zip(pvalues, corrected, strict=True):
        assert p <= q <= 1
    assert min(corrected) == min(1.0, len(pvalues) * min(pvalues))
    order = np.argsort(pvalues, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()


@pytest.mark.simulation
def test_holm_keeps_the_family_wise_error() -> None:
    """Eighteen true hypotheses: one or more falls in 5 % of families."""
    draws = np.random.default_rng(1).random((simulations(2000), 18))

    false_alarms = sum(min(holm(list(family))) < 0.05 for family in draws)

    assert_rate(false_alarms, len(draws), 0.049, 0.05)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_benjamini_hochberg_is_scipys(pvalues: list[float]) -> None:
    """In the order given, with ties."""
    expected = stats.false_discovery_control(pvalues, method="bh")

    assert benjamini_hochberg(pvalues) == pytest.approx([*expected], abs=1e-12)


def test_p_values_are_from_0_to_1() -> None:
    """A percentage or a NaN is none."""
    for correct in (holm, benjamini_hochberg):
        with pytest.raises(ValueError, match=r"from 0 to 1 \(got 5.0\)"):
            correct([0.1, 5.0])
        with pytest.raises(ValueError, match="got nan"):
            correct([float("nan")])


def test_all_of_alpha_is_spent_at_the_end() -> None:
    """By hand at half the information: 2 - 2 Phi(1.96 sqrt 2), and 0.05 log(1 + 0.86)."""
    early = alpha_spent(0.05, [0.5, 1], "obrien_fleming")
    even = alpha_spent(0.05, [0.5, 1], "pocock")

    assert early == pytest.approx([2 * stats.norm.sf(1.959964 * 2**0.5), 0.05], abs=1e-7)
    assert even == pytest.approx([0.05 * np.log((1 + np.e) / 2), 0.05])


def test_a_single_look_has_all_of_alpha() -> None:
    """Nothing is spent on looks that are not taken."""
    assert alpha_spent(0.05, [1.0], "pocock") == pytest.approx([0.05])


@pytest.mark.parametrize("fractions", [[], [0.5], [0.5, 0.5, 1], [0, 1], [0.5, 1.5]])
def test_fractions_must_rise_to_1(fractions: list[float]) -> None:
    """Looks are planned whole, beforehand."""
    with pytest.raises(ValueError, match="must rise from above 0 to 1"):
        alpha_spent(0.05, fractions, "pocock")


@pytest.mark.simulation
def test_looking_three_times_errs_as_rarely_as_promised() -> None:
    """At 3, 5 and 10 replicates, t tests, each at what its look may spend: at most alpha."""
    random, draws = np.random.default_rng(0), simulations(20_000)
    scores = random.normal(size=(draws, 10))
    kinds: tuple[Spending, ...] = ("pocock", "obrien_fleming")
    for spending in kinds:
        levels = np.diff([0.0, *alpha_spent(0.05, [0.3, 0.5, 1.0], spending)])
        rejected = np.zeros(draws, dtype=bool)
        for n, level in zip((3, 5, 10), levels, strict=True):
            p = stats.ttest_1samp(scores[:, :n], 0, axis=1, alternative="greater")[1]
            rejected |= p < level

        assert_rate(int(rejected.sum()), draws, 0.03, 0.05)


@pytest.mark.simulation
def test_benjamini_hochberg_keeps_the_false_discovery_rate() -> None:
    """Ten true and ten false hypotheses: of what is rejected 2.5 % is false, 5 % by half."""
    random, draws = np.random.default_rng(2), simulations(2000)
    shift = np.repeat([0.0, 3.0], 10)
    rates = []
    for z in random.normal(size=(draws, 20)) + shift:
        rejected = np.array(benjamini_hochberg([*stats.norm.sf(z)])) < 0.05
        rates.append(rejected[:10].sum() / max(1, rejected.sum()))

    assert np.mean(rates) == pytest.approx(0.025, abs=4 * np.std(rates) / draws**0.5)
