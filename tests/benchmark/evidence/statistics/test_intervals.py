"""Intervals of means and of accuracies, against scipy and by simulation."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from scipy import stats

from benchmark.evidence.statistics.intervals import (
    bootstrap_interval,
    examples_interval,
    pooled_interval,
    pooled_sd,
    t_interval,
)
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations

SCORES = np.array([61.2, 60.1, 62.4, 59.8])


def test_the_t_interval_is_scipys() -> None:
    """Of the mean, with R - 1 degrees of freedom."""
    expected = stats.t.interval(0.9, 3, SCORES.mean(), stats.sem(SCORES))
    found = t_interval(SCORES, alpha=0.1)

    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)
    assert found.estimate == pytest.approx(SCORES.mean())
    assert found.df == 3


def test_the_pooled_sd_is_worked_by_hand() -> None:
    """Variances 1 (df 2) and 4 (df 1): (2 + 4) / 3; Satterthwaite 36 / (4 * 2/4 + 16 / 3)."""
    cells = [np.array([0.0, 1.0, 2.0]), np.array([0.0, math.sqrt(8)]), np.array([5.0])]

    sd, df = pooled_sd(cells)

    assert sd == pytest.approx(math.sqrt(2))
    # 36 / 7.33 = 4.9 is above the sum of degrees of freedom
    assert df == 3
    # one loud cell among quiet ones: barely more than its own
    loud = [np.array([0.0, 10.0, 20.0]), *(np.array([0.0, 0.1, 0.2]) for _ in range(7))]
    v = np.array([100.0, *[0.01] * 7])
    assert pooled_sd(loud)[1] == pytest.approx((2 * v).sum() ** 2 / (v**2).sum())


def test_the_pooled_interval_of_one_cell_alone_is_the_t_interval() -> None:
    """Nothing to pool: the cell's own sd, and degrees of freedom within R - 1."""
    alone, own = pooled_interval(SCORES, [SCORES]), t_interval(SCORES)

    assert (alone.low, alone.high, alone.df) == pytest.approx((own.low, own.high, own.df))


def test_a_single_replicate_has_a_pooled_interval() -> None:
    """Its width is the others' sd."""
    found = pooled_interval([60.0], [np.array([60.0]), SCORES])
    half = stats.t.ppf(0.975, 3) * SCORES.std(ddof=1)

    assert (found.low, found.high) == pytest.approx((60 - half, 60 + half))


@pytest.mark.parametrize(("kind", "scipys"), [("percentile", "percentile"), ("bca", "BCa")])
def test_the_bootstrap_interval_is_near_scipys(
    kind: Literal["percentile", "bca"], scipys: Literal["percentile", "BCa"]
) -> None:
    """Skewed scores, 20,000 draws of each: both ends within 2 % of the width."""
    scores = np.random.default_rng(3).exponential(size=25)
    theirs = stats.bootstrap(
        ([float(score) for score in scores],), np.mean, n_resamples=20_000, method=scipys,
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    ours = bootstrap_interval(scores, seed=0, draws=20_000, kind=kind)

    slack = 0.02 * (theirs.high - theirs.low)
    assert ours.low == pytest.approx(theirs.low, abs=slack)
    assert ours.high == pytest.approx(theirs.high, abs=slack)


def test_draws_follow_from_their_seed_alone() -> None:
    """Twice alike; another seed, another interval."""
    scores = np.random.default_rng(0).normal(size=12)
    right = np.random.default_rng(0).random((2, 200)) < 0.6

    one, again, other = (bootstrap_interval(scores, seed=s, draws=200) for s in (4, 4, 5))
    assert one == again != other
    one, again, other = (examples_interval(right, seed=s, draws=200) for s in (4, 4, 5))
    assert one == again != other


def test_the_interval_over_test_images_is_near_the_binomial_one() -> None:
    """One model, 2,000 independent images: Wilson's interval within a tenth of a point."""
    right = (np.arange(2000) < 1400)[None]
    found = examples_interval(right, seed=0)
    exact = stats.binomtest(1400, 2000).proportion_ci(0.95, method="wilson")

    assert (found.low, found.high) == pytest.approx((100 * exact.low, 100 * exact.high), abs=0.15)
    assert found.estimate == 70


def test_images_of_a_group_are_drawn_together() -> None:
    """Ten copies of 100 images say what 100 say: sqrt(10) times as wide as if independent."""
    right = np.repeat(np.random.default_rng(0).random(100) < 0.5, 10)[None]
    groups = np.repeat(np.arange(100), 10)
    plain, together = (examples_interval(right, seed=0, groups=each) for each in (None, groups))

    ratio = (together.high - together.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(math.sqrt(10), rel=0.1)


def test_what_cannot_be_an_interval_is_refused_in_words() -> None:
    """Too few, not finite, of the wrong shape, an impossible alpha."""
    with pytest.raises(ValueError, match=r"at least 2 replicates \(got 1\)"):
        t_interval([60.0])
    with pytest.raises(ValueError, match="finite numbers"):
        t_interval([60.0, math.nan])
    with pytest.raises(ValueError, match=r"array \(R,\) \(got shape \(2, 2\)\)"):
        t_interval(np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"alpha must be above 0 and below 0.5 \(got 0.95\)"):
        t_interval(SCORES, alpha=0.95)
    with pytest.raises(ValueError, match="percentile bootstrap of 3 covers 75 %"):
        bootstrap_interval(SCORES, seed=0)
    with pytest.raises(ValueError, match=r"bool array \(R, N\)"):
        examples_interval(np.ones((2, 3)), seed=0)
    with pytest.raises(ValueError, match="at least 2 replicates"):
        pooled_sd([np.array([1.0]), np.array([2.0])])


@pytest.mark.simulation
def test_the_pooled_interval_covers_at_three_replicates() -> None:
    """Eight cells of one sd: 93 to 97 % of each cell's intervals hold its mean, nominal 95 %."""
    random, draws = np.random.default_rng(0), simulations(150)
    hits = 0
    for table in random.normal(size=(draws, 8, 3)):
        for scores in table:
            found = pooled_interval(scores, table)
            hits += found.low <= 0 <= found.high

    assert_rate(hits / 8, draws, 0.93, 0.97)


@pytest.mark.simulation
def test_a_percentile_bootstrap_of_three_covers_three_quarters() -> None:
    """What the refusal says: of all 27 resamples' means the ends are the scores' own, 1 - 2 / 8."""
    random, draws = np.random.default_rng(1), simulations(2000)
    every = np.stack(np.meshgrid(*[range(3)] * 3)).reshape(3, -1)
    means = random.normal(size=(draws, 3))[:, every].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975], axis=1, method="inverted_cdf")

    assert_rate(int(((low <= 0) & (high >= 0)).sum()), draws, 0.73, 0.77)
