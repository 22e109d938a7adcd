"""Aggregates as rliable computes them, and ranks by hand and by scipy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from benchmark.evidence.statistics.aggregate import (
    interquartile_mean,
    interquartile_mean_interval,
    performance_profile,
    probability_of_improvement,
    probability_of_improvement_interval,
)
from benchmark.evidence.statistics.ranks import ranking, stability
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations

RANDOM = np.random.default_rng(0)
FIRST, SECOND = RANDOM.normal(61, 2, (4, 12)).round(1), RANDOM.normal(60, 2, (4, 11)).round(1)


@pytest.mark.parametrize("replicates", [3, 5, 12])
def test_the_interquartile_mean_is_scipys_trimmed_mean(replicates: int) -> None:
    """As rliable has it: `trim_mean(scores.flatten(), 0.25)`."""
    scores = FIRST[:3, :replicates]

    assert interquartile_mean(scores) == pytest.approx(stats.trim_mean(scores.ravel(), 0.25))


def test_the_probability_of_improvement_is_mann_and_whitneys() -> None:
    """As rliable has it: U / (R R') per task, averaged; rounded scores tie."""
    shares = [
        stats.mannwhitneyu(a, b, alternative="greater").statistic / (12 * 11)
        for a, b in zip(FIRST, SECOND, strict=True)
    ]
    assert np.isin(FIRST[0], SECOND[0]).any()

    assert probability_of_improvement(FIRST, SECOND) == pytest.approx(np.mean(shares))
    assert probability_of_improvement(FIRST, FIRST) == 0.5


def test_a_profile_is_the_share_of_runs_above() -> None:
    """Strictly above, over all encoders."""
    assert performance_profile([[60.0, 61.0], [62.0, 70.0]], [59, 61, 70]) == [1, 0.5, 0]


def test_bootstraps_are_stratified_and_seeded() -> None:
    """Encoders that do not vary within give no width; twice alike, another seed differs."""
    apart = np.repeat([[50.0], [60.0], [70.0], [80.0]], 10, axis=1)
    still = interquartile_mean_interval(apart, seed=0, draws=99)
    assert still.low == still.high == still.estimate == 65

    found = [interquartile_mean_interval(FIRST, seed=s, draws=99) for s in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    found = [
        probability_of_improvement_interval(FIRST, SECOND, seed=s, draws=99) for s in (1, 1, 2)
    ]
    assert found[0] == found[1] != found[2]
    assert found[0].low < found[0].estimate < found[0].high


def test_aggregates_refuse_what_they_cannot_do() -> None:
    """Few replicates to resample; other encoders."""
    with pytest.raises(ValueError, match=r"at least 10 \(got 9"):
        interquartile_mean_interval(FIRST[:, :9], seed=0)
    with pytest.raises(ValueError, match=r"at least 10 \(got 3"):
        probability_of_improvement_interval(FIRST, SECOND[:, :3], seed=0)
    with pytest.raises(ValueError, match=r"same encoders \(got 4 and 3\)"):
        probability_of_improvement(FIRST, SECOND[:3])


def test_places_and_ties_are_those_of_the_pairs_told_apart() -> None:
    """One method far ahead, two alike in the middle, one far behind."""
    noise = np.random.default_rng(1).normal(0, 0.1, (4, 5))
    found = ranking(np.array([60.0, 90.0, 60.0, 30.0])[:, None] + noise)

    assert found.order[0] == 1
    assert found.order[3] == 3
    assert found.intervals == ((2, 3), (1, 1), (2, 3), (4, 4))
    assert [set(group) for group in found.groups] == [{1}, {0, 2}, {3}]


def test_a_method_may_tie_with_both_of_its_neighbours() -> None:
    """The outer two are told apart, the middle one from neither."""
    steps = np.array([0.0, 1.0, -1.0, 0.5, -0.5])
    scores = np.stack([62 + 0.1 * steps, 61 + 2 * steps, 60 + 0.1 * steps])
    found = ranking(scores)

    assert found.groups == ((0, 1), (1, 2))
    assert found.intervals == ((1, 2), (1, 3), (2, 3))
    unpaired = ranking(scores, paired=False)
    assert unpaired.groups == ((0, 1), (1, 2))


def test_agreement_of_judges_is_scipys() -> None:
    """Mean of all Spearman correlations; W by Friedman's chi-square, here without ties."""
    scores = np.random.default_rng(2).normal(size=(5, 4))
    rhos = [stats.spearmanr(scores[:, a], scores[:, b])[0] for a, b in combinations(range(4), 2)]
    friedman = stats.friedmanchisquare(*scores).statistic
    found = stability(scores)

    assert found.mean_spearman == pytest.approx(np.mean(rhos))
    assert found.kendall_w == pytest.approx(friedman / (4 * (5 - 1)))


def test_ties_are_ranked_by_their_mean() -> None:
    """Friedman's statistic and Spearman's of scipy with ties, too."""
    scores = np.random.default_rng(3).integers(0, 4, (6, 3)).astype(float)
    rhos = [stats.spearmanr(scores[:, a], scores[:, b])[0] for a, b in combinations(range(3), 2)]
    found = stability(scores)

    assert found.mean_spearman == pytest.approx(np.mean(rhos))
    assert found.kendall_w == pytest.approx(
        stats.friedmanchisquare(*scores).statistic / (3 * (6 - 1))
    )
    assert stability([[1.0, 5.0], [2.0, 6.0]]).kendall_w == 1


def test_what_has_no_order_is_refused() -> None:
    """One method, or a judge who gives all the same."""
    with pytest.raises(ValueError, match=r"at least 2 methods to rank \(got 1\)"):
        stability([[1.0, 2.0]])
    with pytest.raises(ValueError, match="no order to agree on"):
        stability([[1.0, 2.0], [1.0, 3.0]])


@pytest.mark.simulation
def test_places_of_equal_methods_are_rarely_wrong() -> None:
    """Six equal methods, five replicates in blocks: 5 % of sets claim any order, at most."""
    random, draws = np.random.default_rng(0), simulations(200)
    wrong = 0
    for _ in range(draws):
        scores = random.normal(size=(6, 5)) + random.normal(size=5)
        wrong += any(interval != (1, 6) for interval in ranking(scores).intervals)

    assert_rate(wrong, draws, 0.02, 0.05)


@pytest.mark.simulation
def test_the_interval_of_the_interquartile_mean_covers() -> None:
    """Ten replicates on four encoders: 91 to 95 %, nominal 95 %."""
    random, draws = np.random.default_rng(6), simulations(200)
    places = np.array([50.0, 53.0, 60.0, 62.0])[:, None]
    truth = interquartile_mean(2 * random.normal(size=(4, 100_000)) + places)
    hits = 0
    for draw in range(draws):
        scores = 2 * random.normal(size=(4, 10)) + places
        found = interquartile_mean_interval(scores, seed=draw, draws=299)
        hits += found.low <= truth <= found.high

    assert_rate(hits, draws, 0.91, 0.95)
