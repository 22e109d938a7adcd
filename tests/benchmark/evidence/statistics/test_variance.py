"""The split of a table and the spread over encoders, by loops, by hand and by planted effects."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark.evidence.statistics.spread import (
    block_correlation,
    cross_replicate_variance,
    smaller_spread,
    spread,
)
from benchmark.evidence.statistics.variance import Component, Noise, fixed, split, to_logit
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations

Array = NDArray[np.float64]
METHODS, ENCODERS, REPLICATES = 6, 4, 5


def table(seed: int = 0, shape: tuple[int, int, int] = (METHODS, ENCODERS, REPLICATES)) -> Array:
    """Draw scores about 60 with some of every component."""
    random = np.random.default_rng(seed)
    m, e, r = shape
    return np.asarray(
        60 + 2 * random.normal(size=(m, 1, 1)) + random.normal(size=(1, e, 1))
        + random.normal(size=(m, e, 1)) + 0.5 * random.normal(size=(1, 1, r))
        + random.normal(size=shape)
    )  # fmt: skip


def holds(component: Component, truth: float) -> bool:
    """Say whether the interval holds the truth; rounding is no miss."""
    return component.low - 1e-9 <= truth <= component.high + 1e-9


def test_mean_squares_are_those_of_the_classical_table() -> None:
    """Every sum of squares by loops; each variance is (MS - MS of the rest) / numbers averaged."""
    y, found = table(), split(table())
    grand, ms = y.mean(), {}
    m_, e_, r_ = (y.mean(axis=axes) for axes in ((1, 2), (0, 2), (0, 1)))
    cells = y.mean(axis=2)
    ms["method"] = sum(20 * (x - grand) ** 2 for x in m_) / 5
    ms["encoder"] = sum(30 * (x - grand) ** 2 for x in e_) / 3
    ms["replicate"] = sum(24 * (x - grand) ** 2 for x in r_) / 4
    inter = rest = 0.0
    for m in range(6):
        for e in range(4):
            inter += 5 * (cells[m, e] - m_[m] - e_[e] + grand) ** 2
            for r in range(5):
                rest += (y[m, e, r] - cells[m, e] - r_[r] + grand) ** 2
    ms_rest = rest / (23 * 4)

    assert found.rest.variance == pytest.approx(ms_rest)
    assert found.interaction.variance == pytest.approx((inter / 15 - ms_rest) / 5)
    for name, averaged in (("method", 20), ("encoder", 30), ("replicate", 24)):
        expected = (ms[name] - ms_rest) / averaged
        assert getattr(found, name).variance == pytest.approx(expected), name


def test_one_effect_of_two_levels_has_students_interval() -> None:
    """Far from 0 the root of the variance is |difference| / sqrt 2, with its t interval."""
    noise = Noise(4.0, 6)
    found = fixed(np.array([-10.0, 10.0]), 1, 5, noise, 0.05)
    half = stats.t.ppf(0.975, 6) * math.sqrt(4.0 * 2 / 5)

    low, high = (math.sqrt(2 * end) for end in (found.low, found.high))
    assert (low, high) == pytest.approx((20 - half, 20 + half), rel=2e-3)


def test_an_effect_below_the_noise_is_not_truncated_and_its_interval_starts_at_0() -> None:
    """Unbiased means negative at times; the interval has a width all the same."""
    found = fixed(np.array([-0.01, 0.01, 0.0]), 2, 5, Noise(4.0, 8), 0.05)

    assert found.variance < 0
    assert found.sd == 0
    assert found.low == 0 < found.high


def test_the_spread_is_the_covariance_of_different_replicates() -> None:
    """By loops over all pairs r != r'; equal to what `spread` calls the effect."""
    y = table()[2]
    x = y - y.mean(axis=0)
    pairs = [*permutations(range(REPLICATES), 2)]
    expected = sum(float(x[:, a] @ x[:, b]) / 3 for a, b in pairs) / len(pairs)

    assert cross_replicate_variance(y) == pytest.approx(expected)
    assert spread(y).effect.variance == pytest.approx(expected)


def test_what_all_encoders_of_a_replicate_share_is_no_spread() -> None:
    """A block moves no estimate and no interval."""
    y = table()[0]
    moved = spread(y + np.array([5.0, -3.0, 0.0, 2.0, 9.0]))

    assert moved.effect.variance == pytest.approx(spread(y).effect.variance)
    assert moved.effect.high == pytest.approx(spread(y).effect.high)
    assert moved.range == pytest.approx(spread(y).range)


def test_range_and_worst_case_describe_the_means() -> None:
    """By hand."""
    found = spread([[60.0, 62.0], [70.0, 72.0], [50.0, 54.0]])

    assert (found.range, found.worst, found.worst_at) == (19, 52, 2)
    assert found.sd == pytest.approx(np.std([61, 71, 52], ddof=1))
    assert found.mean == pytest.approx(61 + 1 / 3)


def test_the_logit_scale_is_scipys_and_refuses_its_ends() -> None:
    """Scores of 0 and 100 have no logit."""
    assert to_logit([50.0, 90.0]) == pytest.approx([0, math.log(9)])
    for edge in (0.0, 100.0, math.nan):
        with pytest.raises(ValueError, match="above 0 and below 100"):
            to_logit([50.0, edge])


def test_the_correlation_is_that_of_residuals_in_pairs() -> None:
    """Numpy's, about each encoder's mean; 1 for a method and itself."""
    one, other = table()[0], table()[1]
    residuals = [(y - y.mean(axis=1, keepdims=True)).ravel() for y in (one, other)]

    assert block_correlation(one, other) == pytest.approx(np.corrcoef(*residuals)[0, 1])
    assert block_correlation(one, one + 4) == pytest.approx(1)


def test_a_plainly_smaller_spread_is_found_and_a_larger_one_is_not() -> None:
    """Twice alike from one seed; the unpaired test takes no correlation."""
    random = np.random.default_rng(0)
    flat = 60 + 0.1 * random.normal(size=(4, 5))
    steep = flat + np.array([-6.0, -2.0, 2.0, 6.0])[:, None] + 0.1 * random.normal(size=(4, 5))

    assert smaller_spread(flat, steep, seed=1).p < 0.01
    assert smaller_spread(steep, flat, seed=1).p > 0.5
    near = table()[:2]
    assert smaller_spread(*near, seed=1) == smaller_spread(*near, seed=1)
    assert smaller_spread(*near, seed=1) != smaller_spread(*near, seed=2)
    assert smaller_spread(*near, seed=1, paired=False).correlation == 0
    assert smaller_spread(*near, seed=1).correlation != 0


def test_noise_that_goes_wholly_together_or_against_is_no_error() -> None:
    """Two encoders x two replicates always correlate by 1 or -1, up to rounding."""
    tables = np.random.default_rng(3).normal(size=(40, 2, 2, 2))
    found = [smaller_spread(first, second, seed=1, draws=19) for first, second in tables]
    assert all(abs(each.correlation) == pytest.approx(1) for each in found)
    assert all(0 < each.p <= 1 for each in found)


def test_two_encoders_and_two_replicates_are_enough_and_fewer_are_not() -> None:
    """The least that can be told apart; what is missing is said."""
    least = table(shape=(2, 2, 2))
    assert 0 < smaller_spread(*least, seed=0, draws=99).p <= 1
    with pytest.raises(ValueError, match=r"at least 2 replicates \(got 1\)"):
        spread(least[0, :, :1])
    with pytest.raises(ValueError, match=r"at least 2 encoders \(got 1\)"):
        spread(least[0, :1])
    with pytest.raises(ValueError, match=r"2 methods and 2 encoders \(got 1 and 2\)"):
        split(least[:1])
    with pytest.raises(ValueError, match="encoders and replicates"):
        smaller_spread(table()[0], table()[0][:, :4], seed=0)
    with pytest.raises(ValueError, match="do not differ"):
        spread(np.full((3, 3), 50.0))
    with pytest.raises(ValueError, match="finite"):
        split(np.full((2, 2, 2), math.nan))


@pytest.mark.simulation
@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_planted_components_are_recovered(scale: float) -> None:
    """6 x 4 x 5: each interval holds its truth in 93 to 97 %, each estimate is unbiased."""
    random, draws = np.random.default_rng(3), simulations(30)
    means = 60 + scale * (table(7) - table(7)[..., :1] + table(8)).mean(axis=2)
    cells = means - means.mean()
    m, e = cells.mean(axis=1), cells.mean(axis=0)
    inter = cells - m[:, None] - e
    truth = {
        "method": (m**2).sum() / 5, "encoder": (e**2).sum() / 3,
        "interaction": (inter**2).sum() / 15, "replicate": 0.25, "rest": 1.0,
    }  # fmt: skip
    hits, found = dict.fromkeys(truth, 0), {name: [] for name in truth}  # type: ignore[var-annotated]
    spreads = 0
    for _ in range(draws):
        noise = random.normal(size=(6, 4, 5)) + random.normal(0, 0.5, 5)
        y = means[..., None] + noise
        parts = split(y)
        for name, value in truth.items():
            part = getattr(parts, name)
            hits[name] += holds(part, value)
            found[name].append(part.variance)
        spreads += sum(
            holds(spread(y[k]).effect, float(means[k].var(ddof=1))) for k in range(0, 6, 2)
        )

    for name, value in truth.items():
        assert_rate(hits[name], draws, 0.93, 0.975)
        error = np.std(found[name]) / draws**0.5
        assert np.mean(found[name]) == pytest.approx(value, abs=4.5 * error), name
    assert_rate(spreads / 3, draws, 0.93, 0.97)


@pytest.mark.simulation
@pytest.mark.parametrize(("effect", "other_sd", "rho"), [(0, 1, 0), (1, 1, 0.7), (3, 0.4, 0)])
def test_equal_spreads_are_rarely_told_apart(effect: float, other_sd: float, rho: float) -> None:
    """4 encoders x 5 replicates, alpha 5 %: at most 6 % of tests call one smaller."""
    random, draws = np.random.default_rng(4), simulations(60)
    alarms = 0
    for draw in range(draws):
        means = random.normal(size=(2, 4))
        means -= means.mean(axis=1, keepdims=True)
        means *= effect / means.std(axis=1, ddof=1, keepdims=True)
        noise = random.normal(size=(2, 4, 5))
        noise[1] = other_sd * (rho * noise[0] + math.sqrt(1 - rho**2) * noise[1])
        one, other = means[..., None] + noise
        alarms += smaller_spread(one, other, seed=draw, draws=199).p <= 0.05

    assert_rate(alarms, draws, 0.0, 0.06)
