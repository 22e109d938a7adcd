"""Paired tests agree with scipy, with sums written out, and with their promised error rate."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from benchmark.evidence.statistics.paired import (
    crossed_bootstrap,
    crossed_interval,
    mcnemar,
    paired_bootstrap,
    paired_t,
    sign_flip,
    welch,
)
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations

Bools = NDArray[np.bool_]


def answers(both: int, only_first: int, only_second: int) -> tuple[Bools, Bools]:
    """Lay out right and wrong answers with these counts, and one image that both get wrong."""
    first = [True] * both + [True] * only_first + [False] * only_second + [False]
    second = [True] * both + [False] * only_first + [True] * only_second + [False]
    return np.array(first), np.array(second)


def enumerated(first: Bools, second: Bools, groups: NDArray[np.int64]) -> float:
    """Go through every pattern of signs."""
    sums = [int(first[groups == g].sum()) - int(second[groups == g].sum()) for g in set(groups)]
    patterns = list(itertools.product((-1, 1), repeat=len(sums)))
    reach = [abs(sum(s * d for s, d in zip(signs, sums, strict=True))) for signs in patterns]
    return sum(r >= abs(sum(sums)) for r in reach) / len(patterns)


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(0, 0), (5, 0), (3, 3), (10, 2), (2, 10), (120, 80), (400, 250)]
)
def test_mcnemar_is_the_binomial_test_on_discordant_pairs(
    only_first: int, only_second: int
) -> None:
    """The same p as scipy's exact test, to 1e-12; no discordant pair is p = 1."""
    n = only_first + only_second
    expected = stats.binomtest(only_first, n, 0.5).pvalue if n else 1.0

    assert mcnemar(*answers(30, only_first, only_second)) == pytest.approx(expected, abs=1e-12)


def test_mcnemar_gives_the_value_worked_by_hand() -> None:
    """Five to nil: 2 / 2^5."""
    assert mcnemar(*answers(10, 5, 0)) == pytest.approx(2 / 32, abs=1e-15)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 6)), min_size=1, max_size=30)
)
def test_the_sign_flip_test_is_the_count_over_all_signs(
    rows: list[tuple[bool, bool, int]],
) -> None:
    """Equal to going through the 2^G patterns, to 1e-12."""
    first, second = (np.array([row[i] for row in rows], dtype=bool) for i in (0, 1))
    groups = np.array([row[2] for row in rows])

    found = sign_flip(first, second, groups)

    assert found == pytest.approx(enumerated(first, second, groups), abs=1e-12)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (7, 1), (60, 41)])
def test_with_one_image_a_group_the_sign_flip_test_is_mcnemar(
    only_first: int, only_second: int
) -> None:
    """Independent images are groups of their own."""
    first, second = answers(20, only_first, only_second)

    found = sign_flip(first, second, np.arange(len(first)))

    assert found == pytest.approx(mcnemar(first, second), abs=1e-12)


def test_dependent_images_mislead_mcnemar_and_not_the_sign_flip_test() -> None:
    """Sixteen images of a tile go together, no true difference: 400 simulated pairs.

    The clustered test rejects at its 5 %, McNemar several times as often.
    """
    draws = np.random.default_rng(0)
    groups = np.repeat(np.arange(128), 16)
    plain, clustered = [], []
    for _ in range(400):
        first, second = (
            draws.random(2048) < np.repeat(draws.uniform(0.2, 0.8, 128), 16) for _ in range(2)
        )
        plain.append(mcnemar(first, second) < 0.05)
        clustered.append(sign_flip(first, second, groups) < 0.05)

    # 5 % +- 4 standard errors of 400 draws
    assert 0.006 < np.mean(clustered) < 0.094
    assert np.mean(plain) > 0.15


def test_arrays_of_other_lengths_are_refused() -> None:
    """A pair is one image under two encoders."""
    with pytest.raises(ValueError, match=r"same test images \(got \(3,\) and \(2,\)\)"):
        mcnemar(np.ones(3, dtype=bool), np.ones(2, dtype=bool))
    with pytest.raises(ValueError, match="same test images"):
        sign_flip(np.ones(3, dtype=bool), np.ones(3, dtype=bool), np.arange(2))


FIRST, SECOND = np.array([61.0, 63.5, 60.2, 64.0]), np.array([59.0, 62.5, 58.0, 63.6])


def test_the_paired_t_test_is_scipys() -> None:
    """Difference, interval and p."""
    expected = stats.ttest_rel(FIRST, SECOND)
    ends = expected.confidence_interval(0.9)
    found = paired_t(FIRST, SECOND, alpha=0.1)

    assert (found.p, found.low, found.high) == pytest.approx((expected.pvalue, *ends), abs=1e-12)
    assert found.difference == pytest.approx(1.4)


def test_welchs_test_is_scipys() -> None:
    """Replicates of different number; p, degrees of freedom and interval."""
    expected = stats.ttest_ind(FIRST, SECOND[:3], equal_var=False)
    ends = expected.confidence_interval(0.95)
    found = welch(FIRST, SECOND[:3])

    assert (found.p, found.df) == pytest.approx((expected.pvalue, expected.df), abs=1e-12)
    assert (found.low, found.high) == pytest.approx((*ends,), abs=1e-12)


def test_replicates_that_agree_to_the_bit_are_no_division_by_zero() -> None:
    """Equal: p 1. Always apart by the same: p 0, and an interval of that one point."""
    assert paired_t([60.0, 61.0], [60.0, 61.0]).p == 1
    found = paired_t([61.0, 62.0], [60.0, 61.0])
    assert (found.p, found.low, found.high) == (0, 1, 1)
    assert welch([61.0, 61.0], [60.0, 60.0]).p == 0


def models(
    random: np.random.Generator, replicates: int, images: int, favour: float
) -> tuple[Bools, Bools]:
    """Draw answers of two equally good methods on the same images, some harder for one of them."""
    hard = random.normal(0.5, 1.5, images)
    found = []
    for _ in range(2):
        logit = hard + random.normal(0, favour, images) + random.normal(0, 0.15, (replicates, 1))
        found.append(random.random((replicates, images)) < 1 / (1 + np.exp(-logit)))
    return found[0], found[1]


def test_the_paired_bootstrap_is_near_the_normal_interval_of_paired_differences() -> None:
    """One pair of models on 3,000 images: the standard error of the mean difference, to 5 %."""
    first, second = models(np.random.default_rng(0), 1, 3000, 0.5)
    difference = 100 * (first.astype(float) - second).ravel()
    half = 1.96 * difference.std(ddof=1) / 3000**0.5

    found = paired_bootstrap(first, second, seed=0)

    assert found.estimate == pytest.approx(difference.mean())
    assert found.high - found.low == pytest.approx(2 * half, rel=0.05)


def test_bootstraps_of_pairs_follow_from_their_seed() -> None:
    """Twice alike; another seed, another interval."""
    first, second = models(np.random.default_rng(1), 10, 50, 0.5)
    for bootstrap in (paired_bootstrap, crossed_bootstrap):
        one, again, other = (bootstrap(first, second, seed=s, draws=99) for s in (3, 3, 4))
        assert one == again
        assert one != other


def test_the_crossed_variance_is_that_of_the_table_written_out() -> None:
    """Mean squares by loops; then (MS_R + MS_N - MS_RN) / (R N)."""
    first, second = models(np.random.default_rng(2), 4, 30, 1.5)
    d = 100 * (first.astype(float) - second)
    rows, columns, all_ = d.mean(1), d.mean(0), d.mean()
    of_rows = sum(30 * (r - all_) ** 2 for r in rows) / 3
    of_columns = sum(4 * (c - all_) ** 2 for c in columns) / 29
    rest = sum(
        (d[i, j] - rows[i] - columns[j] + all_) ** 2 for i in range(4) for j in range(30)
    ) / (3 * 29)
    assert of_columns > rest

    found = crossed_interval(first, second)

    assert found.error == pytest.approx(((of_rows + of_columns - rest) / 120) ** 0.5)
    assert found.difference == pytest.approx(all_)


def test_pairs_that_are_none_are_refused() -> None:
    """Other replicates, other images, too few to resample."""
    with pytest.raises(ValueError, match="same replicates"):
        paired_t(FIRST, SECOND[:3])
    first, second = models(np.random.default_rng(1), 9, 50, 0.5)
    with pytest.raises(ValueError, match="replicates and test images"):
        paired_bootstrap(first, second[:, :-1], seed=0)
    with pytest.raises(ValueError, match=r"at least 10 \(got 9"):
        crossed_bootstrap(first, second, seed=0)
    with pytest.raises(ValueError, match=r"at least 2 replicates \(got 1\)"):
        crossed_interval(first[:1], second[:1])


@pytest.mark.simulation
@pytest.mark.parametrize(("replicates", "low"), [(2, 0.91), (3, 0.92), (10, 0.93)])
def test_the_crossed_interval_covers_the_population(replicates: int, low: float) -> None:
    """Nominal 95 %; a little less at 2 and 3 replicates, as documented, where images favour."""
    random, draws = np.random.default_rng(replicates), simulations(300)
    hits = 0
    for _ in range(draws):
        found = crossed_interval(*models(random, replicates, 200, 1.0))
        hits += found.low <= 0 <= found.high

    assert_rate(hits, draws, low, 0.97)


@pytest.mark.simulation
def test_the_crossed_bootstrap_covers_the_population_and_the_t_test_does_not() -> None:
    """Ten replicates, images that favour a method: 94 to 99 %; for a fixed test set below 90."""
    random, draws = np.random.default_rng(5), simulations(150)
    both = fixed = 0
    for draw in range(draws):
        first, second = models(random, 10, 200, 1.5)
        found = crossed_bootstrap(first, second, seed=draw, draws=199)
        both += found.low <= 0 <= found.high
        alone = paired_t(100 * first.mean(axis=1), 100 * second.mean(axis=1))
        fixed += alone.low <= 0 <= alone.high

    assert_rate(both, draws, 0.94, 0.99)
    assert fixed / draws < 0.9
