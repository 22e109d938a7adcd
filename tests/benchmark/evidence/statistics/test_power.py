"""Power and equivalence against scipy's noncentral t, published values and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.evidence.statistics.equivalence import (
    equivalence_power,
    non_inferiority,
    replicates_for_margin,
    smallest_margin,
    tost,
)
from benchmark.evidence.statistics.power import (
    MOST,
    minimum_detectable_effect,
    power,
    replicates_needed,
    sd_interval,
)
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("sides", [1, 2])
def test_power_is_that_of_the_noncentral_t(paired: bool, sides: int) -> None:
    """Both tails counted, to 1e-9."""
    df, error = (4, 2 / 5**0.5) if paired else (8, 2 * (2 / 5) ** 0.5)
    cut = stats.t.ppf(1 - 0.05 / sides, df)
    expected = stats.nct.sf(cut, df, 1.5 / error)
    expected += stats.nct.cdf(-cut, df, 1.5 / error) if sides == 2 else 0

    assert power(1.5, 2, 5, paired=paired, sides=sides) == pytest.approx(expected, abs=1e-9)


def test_cohens_sample_sizes_come_out() -> None:
    """Unpaired, 80 % at 5 %: 64 a group for d = 0.5, 26 for 0.8; paired 34 for 0.5."""
    for effect, paired, expected in ((0.5, False, 64), (0.8, False, 26), (0.5, True, 34)):
        assert replicates_needed(effect, 1.0, 1000, paired=paired).likely == expected


def test_the_detectable_effect_has_the_power_wanted() -> None:
    """And grows with the sd in proportion."""
    effect = minimum_detectable_effect(0.7, 5, paired=True)

    assert power(effect, 0.7, 5, paired=True) == pytest.approx(0.8, abs=1e-6)
    assert minimum_detectable_effect(1.4, 5, paired=True) == pytest.approx(2 * effect)


def test_replicates_needed_are_a_range_as_wide_as_the_sd_is_uncertain() -> None:
    """From three replicates it is wide; what cannot be reached has no upper end."""
    few, many = (replicates_needed(1.0, 1.0, df, paired=True) for df in (2, 200))

    assert many.high is not None
    assert few.low < many.low <= many.likely == few.likely <= many.high
    assert few.high is not None
    assert few.high > many.high
    assert replicates_needed(0.01, 1.0, 2, paired=True).high is None
    assert replicates_needed(0.001, 1.0, 2, paired=True).likely == MOST


def test_the_interval_of_an_sd_is_the_chi_square_one() -> None:
    """By scipy's quantiles."""
    low, high = sd_interval(2.0, 4, alpha=0.1)

    assert low == pytest.approx(2 * math.sqrt(4 / stats.chi2.ppf(0.95, 4)))
    assert high == pytest.approx(2 * math.sqrt(4 / stats.chi2.ppf(0.05, 4)))


@pytest.mark.parametrize(
    ("difference", "kind"),
    [(0.0, "equivalent"), (1.0, "inconclusive"), (3.0, "above"), (-3.0, "below")],
)
def test_the_verdict_is_where_the_90_percent_interval_lies(difference: float, kind: str) -> None:
    """Margin 1.5, standard error 0.5 at 10 degrees of freedom: half width 0.91."""
    found = tost(difference, 0.5, 10, 1.5)
    half = 0.5 * stats.t.ppf(0.95, 10)

    assert found.kind == kind
    assert (found.low, found.high) == pytest.approx((difference - half, difference + half))


def test_tost_is_two_one_sided_tests() -> None:
    """The larger p of scipy's two tests against the margins."""
    scores = np.array([0.4, -0.2, 0.3, 0.1, 0.6])
    p = max(
        stats.ttest_1samp(scores, -1, alternative="greater").pvalue,
        stats.ttest_1samp(scores, 1, alternative="less").pvalue,
    )
    error = stats.sem(scores)

    assert tost(scores.mean(), error, 4, 1.0).p == pytest.approx(p, abs=1e-12)
    below = stats.ttest_1samp(scores, -1, alternative="greater").pvalue
    found = non_inferiority(scores.mean(), error, 4, 1.0)
    assert found.p == pytest.approx(below, abs=1e-12)
    assert found.holds
    assert not non_inferiority(-0.9, error, 4, 1.0).holds


def test_the_smallest_margin_is_just_met_by_no_difference() -> None:
    """Three replicates against one published run: t(2) s sqrt(1/3 + 1)."""
    margin = smallest_margin(0.5, 2, 3, 1)
    error = 0.5 * math.sqrt(1 / 3 + 1)

    assert margin == pytest.approx(stats.t.ppf(0.95, 2) * error)
    assert tost(0.0, error, 2, 1.001 * margin).kind == "equivalent"
    assert tost(0.0, error, 2, 0.999 * margin).kind == "inconclusive"


def test_replicates_for_a_margin_give_the_power_wanted_and_one_fewer_does_not() -> None:
    """As a range around the likely number."""
    found = replicates_for_margin(1.0, 4, 1.0)

    assert equivalence_power(1.0, found.likely, 1.0) >= 0.8
    assert equivalence_power(1.0, found.likely - 1, 1.0) < 0.8
    assert found.high is not None
    assert found.low < found.likely < found.high


def test_impossible_plans_are_refused() -> None:
    """In words, each."""
    with pytest.raises(ValueError, match="sd must be a number above 0"):
        power(1.0, 0.0, 5, paired=True)
    with pytest.raises(ValueError, match=r"at least 2 replicates \(got 1\)"):
        power(1.0, 1.0, 1, paired=True)
    with pytest.raises(ValueError, match="sides must be 1 or 2"):
        power(1.0, 1.0, 3, paired=True, sides=3)
    with pytest.raises(ValueError, match="power must be above alpha"):
        minimum_detectable_effect(1.0, 3, power_wanted=0.01, paired=True)
    with pytest.raises(ValueError, match="margin must be a number above 0"):
        tost(0.0, 1.0, 3, 0.0)
    with pytest.raises(ValueError, match="finite"):
        tost(math.nan, 1.0, 3, 1.0)


@pytest.mark.simulation
def test_promised_power_is_achieved_and_the_error_at_the_margin_is_alpha() -> None:
    """Eight pairs: the effect found in 80 %, equivalence as computed, 5 % false at the margin."""
    random, draws = np.random.default_rng(0), simulations(4000)
    effect = minimum_detectable_effect(1.0, 8, paired=True)
    scores = random.normal(size=(draws, 8))
    found = stats.ttest_1samp(scores + effect, 0, axis=1).pvalue < 0.05
    assert_rate(int(np.sum(found)), draws, 0.8, 0.8)

    means, errors = scores.mean(axis=1), scores.std(axis=1, ddof=1) / 8**0.5
    inside = np.abs(means) + stats.t.ppf(0.95, 7) * errors < 1.2
    expected = equivalence_power(1.0, 8, 1.2)
    assert_rate(int(inside.sum()), draws, expected, expected)

    at_margin = [tost(m, e, 7, 1.2).kind for m, e in zip(means + 1.2, errors, strict=True)]
    assert_rate(at_margin.count("equivalent"), draws, 0.04, 0.05)
