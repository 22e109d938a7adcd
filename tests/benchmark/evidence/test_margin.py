"""The interval of ours minus theirs: what it is made of, and what margin it could have met."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.evidence.margin import Noise, estimate, pooled_noise

OURS = (90.9, 91.0, 91.1)


def test_the_standard_error_counts_the_reported_number_as_a_draw() -> None:
    """S * sqrt(1/n + 1/m), by hand: 0.1 * sqrt(1/3 + 1/1) and 0.1 * sqrt(1/3 + 1/5)."""
    assert estimate(OURS, 91.0, margin=1).error == pytest.approx(0.1 * math.sqrt(4 / 3))
    assert estimate(OURS, 91.0, margin=1, runs=5).error == pytest.approx(0.1 * math.sqrt(8 / 15))


@given(st.lists(st.floats(10, 90), min_size=2, max_size=12), st.floats(0.01, 20))
def test_the_smallest_margin_is_where_reproduced_begins(ours: list[float], margin: float) -> None:
    """With the means equal, the interval lies inside the margin exactly from there on."""
    found = estimate(ours, statistics.fmean(ours), margin=margin)
    inside = -margin <= found.low and found.high <= margin

    assert inside == (found.half <= margin)


def test_the_printed_smallest_margin_is_never_too_small() -> None:
    """Half a width of 0.3371 is said as 0.34, not cut to 0.33; a whole one stays whole."""
    found = estimate((90.9, 91.0, 91.1), 91.0, margin=1)
    assert found.half == pytest.approx(0.3371, abs=1e-4)
    assert "(smallest possible 0.34)" in found.text
    assert "(smallest possible 0.00)" in estimate((91.0, 91.0), 91.0, margin=1).text


def test_noise_is_pooled_over_rows_with_two_replicates() -> None:
    """By hand: variances 1, 9 and 1 with 2 degrees each; a row of one replicate is none."""
    noise = pooled_noise([(9.0, 10.0, 11.0), (20.0, 23.0, 26.0), (50.0,), (1.0, 2.0, 3.0)])

    assert noise is not None
    assert noise.sd == pytest.approx(math.sqrt((2 + 18 + 2) / 6))
    assert noise.degrees == pytest.approx(22**2 / (1 + 81 + 1))
    assert (noise.rows, noise.freedom) == (3, 6)
    assert pooled_noise([(1.0, 2.0), (3.0,)]) is None
    assert pooled_noise([]) is None


@given(st.lists(st.lists(st.floats(0, 100), min_size=2, max_size=5), min_size=2, max_size=6))
def test_pooled_degrees_lie_between_the_least_rows_and_all(rows: list[list[float]]) -> None:
    """Satterthwaite's never exceed the sum, and never fall below the largest row's."""
    noise = pooled_noise(rows)
    degrees = [len(row) - 1 for row in rows]

    assert noise is not None
    assert max(degrees) <= noise.degrees <= sum(degrees)


def test_rows_without_any_spread_pool_to_none() -> None:
    """All replicates alike, as where a method does not depend on the seed."""
    assert pooled_noise([(5.0, 5.0), (7.0, 7.0, 7.0)]) == Noise(0.0, 3.0, 2, 3)


def test_pooled_noise_counts_below_ten_replicates_only() -> None:
    """From ten on the row's own standard deviation is taken."""
    noise = Noise(sd=3.0, degrees=20.0, rows=6, freedom=48)
    nine, ten = tuple(range(50, 59)), tuple(range(50, 60))

    assert estimate(nine, 54.0, margin=1, noise=noise).sd == 3.0
    assert estimate(ten, 54.0, margin=1, noise=noise).sd == statistics.stdev(ten)
    assert "sd pooled over 6 rows" in estimate(nine, 54.0, margin=1, noise=noise).text
    assert "pooled" not in estimate(ten, 54.0, margin=1, noise=noise).text


def test_a_row_that_varies_more_than_the_others_keeps_its_own_spread() -> None:
    """On 2 and 10 degrees F = 2 has p = 0.19, 1.85 has 0.21; the row is none of the others."""
    assert stats.f.sf(2.0, 2, 10) == pytest.approx(0.186, abs=1e-3)
    assert stats.f.sf(1.85, 2, 10) == pytest.approx(0.207, abs=1e-3)

    assert estimate(OURS, 91.0, margin=1, noise=beside(0.01 / 2.0)).rows is None
    assert estimate(OURS, 91.0, margin=1, noise=beside(0.01 / 1.85)).rows == 6
    assert estimate(OURS, 91.0, margin=1, noise=beside(0.0)).rows is None
    alike = Noise(0.0, 12.0, 6, 12)
    assert estimate((91.0, 91.0, 91.0), 91.0, margin=1, noise=alike).rows == 6


def beside(variance: float) -> Noise:
    """Pool `OURS`, of variance 0.01, with five rows of three and this variance."""
    rows = [(50.0 - math.sqrt(variance), 50.0, 50.0 + math.sqrt(variance))] * 5
    noise = pooled_noise([OURS, *rows])
    assert noise is not None
    return noise


def test_the_population_adds_the_noise_of_both_accuracies() -> None:
    """P (1 - p) / N of ours and of theirs, in points, with Satterthwaite's degrees."""
    fixed, drawn = (estimate(OURS, 80.0, margin=1, images=n) for n in (None, 10_000))
    added = (91.0 * 9.0 + 80.0 * 20.0) / 10_000

    assert drawn.error**2 == pytest.approx(fixed.error**2 + added)
    assert drawn.degrees == pytest.approx(2 * (drawn.error / fixed.error) ** 4)
    assert (fixed.text[-17:], drawn.text[-17:]) == ("test images fixed", "test images drawn")


def test_without_any_spread_the_population_interval_is_normal() -> None:
    """Nothing is estimated from replicates, so nothing widens the quantile."""
    found = estimate((91.0, 91.0), 91.0, margin=1, images=10_000)

    assert found.half == pytest.approx(stats.norm.ppf(0.95) * found.error)


def test_the_pooled_interval_covers_as_it_says() -> None:
    """In 4,000 tables of six rows of three, all of one spread.

    The 90 % interval holds the truth in 90 % of them, for the row alone as for the pooled; that one
    is narrower.
    """
    rng = np.random.default_rng(0)
    tables = rng.normal(70.0, 0.5, size=(4000, 6, 3))
    theirs = rng.normal(70.0, 0.5, size=4000)
    pooled = [
        estimate(t[0], r, margin=1, noise=pooled_noise(t.tolist()))
        for t, r in zip(tables, theirs, strict=True)
    ]
    alone = [estimate(t[0], r, margin=1) for t, r in zip(tables, theirs, strict=True)]
    error = math.sqrt(0.9 * 0.1 / 4000)

    shares = [np.mean([e.low <= 0 <= e.high for e in found]) for found in (alone, pooled)]
    assert shares[0] == pytest.approx(0.9, abs=3 * error)
    assert 0.9 - 3 * error <= shares[1] <= 0.93
    assert np.mean([e.half for e in pooled]) < 0.92 * np.mean([e.half for e in alone])


def test_a_row_three_times_as_noisy_as_two_others_is_not_drowned_in_them() -> None:
    """In 2,000 tables its 90 % interval holds the truth in 87 %."""
    rng = np.random.default_rng(1)
    tables = rng.normal(70.0, 0.5, size=(2000, 3, 3))
    tables[:, 0] = 70 + 3 * (tables[:, 0] - 70)
    found = [
        estimate(t[0], r, margin=1, noise=pooled_noise(t.tolist()))
        for t, r in zip(tables, rng.normal(70.0, 1.5, size=2000), strict=True)
    ]
    share = np.mean([e.low <= 0 <= e.high for e in found])

    assert share == pytest.approx(0.868, abs=3 * math.sqrt(0.868 * 0.132 / 2000))
