"""The encoder effect over replicates and test images, by loops and by planted effects."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmark.evidence.statistics.crossed import crossed_effect, on_logits
from benchmark.evidence.statistics.spread import spread
from benchmark.evidence.statistics.variance import Component
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations

Array = NDArray[np.float64]
PLACE = np.array([-1.2, -0.4, 0.4, 1.2])


def answers(random: np.random.Generator, size: float, favour: float = 0.5) -> Array:
    """Draw 100 or 0 of 4 encoders x 5 replicates x 400 images about 60 %.

    Args:
        random: drawn from.
        size: of the encoder effect, standard deviations of one answer; about 3 points a tenth.
        favour: sd of what an image asks of one encoder alone, likewise.
    """
    right = (
        0.3 + size * PLACE[:, None, None] + random.normal(size=400)
        + favour * random.normal(size=(4, 1, 400)) + 0.05 * random.normal(size=(4, 5, 1))
        + 0.05 * random.normal(size=(5, 1)) + random.normal(size=(4, 5, 400))
    )  # fmt: skip
    return np.asarray(100.0 * (right > 0))


def truth(size: float, favour: float = 0.5) -> float:
    """Return the variance of the four encoders' chances over all replicates and images."""
    sd = np.sqrt(2 + favour**2 + 2 * 0.05**2)
    return float((100 * ndtr((0.3 + size * PLACE) / sd)).var(ddof=1))


def holds(component: Component, true: float) -> bool:
    """Say whether the interval holds the truth; rounding is no miss."""
    return component.low - 1e-9 <= true <= component.high + 1e-9


def test_the_variance_is_the_mean_product_of_other_replicates_and_other_images() -> None:
    """Written out as four loops over the centred answers."""
    y = np.random.default_rng(0).normal(50, 10, (3, 4, 6))
    centred = y - y.mean(axis=0)
    products = [
        (centred[:, r, n] * centred[:, s, m]).sum() / 2
        for (r, s), (n, m) in product(permutations(range(4), 2), permutations(range(6), 2))
    ]

    assert crossed_effect(y).variance == pytest.approx(np.mean(products))


def test_images_of_a_group_count_once() -> None:
    """Each image three times over says as much as once."""
    y = answers(np.random.default_rng(1), 0.1)
    once = crossed_effect(y)
    thrice = crossed_effect(np.tile(y, 3), groups=np.tile(np.arange(400), 3))
    ungrouped = crossed_effect(np.tile(y, 3))

    assert [thrice.variance, thrice.low, thrice.high] == pytest.approx(
        [once.variance, once.low, once.high]
    )
    assert ungrouped.high - ungrouped.low < once.high - once.low


def test_products_of_replicates_alone_hold_what_images_favour() -> None:
    """No effect at all: `spread` finds one on average, `crossed_effect` none."""
    draws = simulations(150)
    random = np.random.default_rng(2)
    tables = [answers(random, 0.0) for _ in range(draws)]
    crossed = [crossed_effect(y).variance for y in tables]
    alone = [spread(y.mean(axis=2)).effect.variance for y in tables]
    errors = [3.5 * np.std(each) / np.sqrt(draws) for each in (crossed, alone)]

    assert abs(np.mean(crossed)) < errors[0]
    assert np.mean(alone) > errors[1]


@pytest.mark.parametrize("size", [0.0, 0.05, 0.2])
def test_the_interval_covers_planted_effects(size: float) -> None:
    """Methods drawn singly, 4 encoders x 5 replicates x 400 images, nominal 95 %."""
    draws = 3 * simulations(70)
    random = np.random.default_rng(3)
    hits = sum(holds(crossed_effect(answers(random, size)), truth(size)) for _ in range(draws))

    assert_rate(hits, draws, 0.93, 0.985)


def test_intervals_over_replicates_alone_miss_the_population() -> None:
    """Images that favour encoders strongly, and a large effect: the two questions differ."""
    draws = 3 * simulations(100)
    random = np.random.default_rng(4)
    true = truth(0.2, favour=2.0)
    tables = [answers(random, 0.2, favour=2.0) for _ in range(draws)]
    alone = sum(holds(spread(y.mean(axis=2)).effect, true) for y in tables)
    crossed = sum(holds(crossed_effect(y), true) for y in tables)

    assert alone / draws < 0.85
    assert_rate(crossed, draws, 0.93, 0.985)


def test_answers_on_logits_average_to_the_logit_of_the_score() -> None:
    """And an image moves it as a small change of the score does."""
    y = answers(np.random.default_rng(5), 0.1)
    p, values = y.mean(axis=2) / 100, on_logits(y)
    slope = (np.log((p + 1e-6) / (1 - p - 1e-6)) - np.log(p / (1 - p))) / 1e-6

    assert values.mean(axis=2) == pytest.approx(np.log(p / (1 - p)))
    assert np.ptp(values, axis=2) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(
    ("values", "groups", "said"),
    [
        (np.zeros((1, 2, 3)), None, "2 encoders"),
        (np.zeros((2, 1, 3)), None, "2 replicates"),
        (np.zeros((2, 2)), None, r"\(E, R, N\)"),
        (np.full((2, 2, 3), np.nan), None, "finite"),
        (np.ones((2, 2, 3)), None, "neither replicates nor images differ"),
        (np.eye(12).reshape(2, 2, -1), np.zeros(36, dtype=np.int64), "at least 2"),
        (np.eye(12).reshape(2, 2, -1), np.zeros(5, dtype=np.int64), "same test images"),
    ],
)
def test_what_says_nothing_is_refused(
    values: Array, groups: NDArray[np.int64] | None, said: str
) -> None:
    """Each in words."""
    with pytest.raises(ValueError, match=said):
        crossed_effect(values, groups=groups)
