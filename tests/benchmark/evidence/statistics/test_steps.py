"""Steps in a series of nights: found where they are, and as seldom as stated elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from benchmark.evidence.statistics import steps as module
from benchmark.evidence.statistics.layout import Floats
from benchmark.evidence.statistics.steps import sd, smallest_drift, smallest_step, steps
from tests.benchmark.evidence.statistics.simulating import assert_rate

DRAWS = int(os.environ.get("CSLBENCH_SIMULATIONS", "60"))


def drawn(seed: int, nights: int, law: Callable[[int], float], spread: float = 1.0) -> list[Floats]:
    """Draw three replicates a night about a law of the night."""
    random = np.random.default_rng(seed)
    return [random.normal(law(night), spread, 3) for night in range(nights)]


def test_a_step_is_found_where_it_is() -> None:
    """With its size; twice gives the same; two steps are two."""
    series = drawn(1, 20, lambda night: 70.0 - 3 * (night >= 12))
    (found,) = steps(series, 0.05, seed=0)
    assert found.at == 12
    assert found.change == pytest.approx(-3, abs=0.7)
    assert steps(series, 0.05, seed=0) == [found]
    both = drawn(2, 30, lambda night: 70.0 - 6 * (10 <= night < 20))
    assert [step.at for step in steps(both, 0.001, seed=0)] == [10, 20]
    assert sd(both, steps(both, 0.001, seed=0)) == pytest.approx(1, abs=0.2)


def test_p_is_the_share_of_all_orders_that_are_as_good() -> None:
    """Counted over every order of six scores in three nights."""
    scores = np.array([3.0, 2.0, 2.5, 0.0, 1.0, 0.5])

    def best(first: tuple[int, ...], middle: tuple[int, ...]) -> float:
        last = [k for k in range(6) if k not in (*first, *middle)]
        one, two = scores[[*first]], scores[[*middle]]
        three = scores[last]
        early = abs(one.mean() - np.concatenate([two, three]).mean()) * np.sqrt(2 * 4 / 6)
        late = abs(np.concatenate([one, two]).mean() - three.mean()) * np.sqrt(4 * 2 / 6)
        return float(max(early, late))

    every = [
        best(first, middle)
        for first in combinations(range(6), 2)
        for middle in combinations([k for k in range(6) if k not in first], 2)
    ]
    exact = float(np.mean(np.array(every) >= best((0, 1), (2, 3)) - 1e-9))
    (found, *_) = steps(np.split(scores, 3), 0.49, seed=0)
    assert found.p == pytest.approx(exact, abs=0.1)


@pytest.mark.parametrize("series", [[[70.0]], [[70.0], [60.0]], [[70.0] * 3] * 9])
def test_nothing_is_found_where_nothing_can_be(series: list[list[float]]) -> None:
    """One night, two scores, scores that are all the same."""
    assert steps(series, 0.05, seed=0) == []


def test_what_could_not_be_seen_is_none() -> None:
    """Three scores on each side have 20 orders; a spread of one score a side is none."""
    assert smallest_step([3, 3], 1.0, 0.05) is None
    assert smallest_step([3], 1.0, 0.05) is None
    assert sd([[70.0]], []) is None
    assert smallest_drift([3, 3, 3], 1.0, 0.005) is None


def test_a_long_series_is_permuted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with it, and the step is the same."""
    series = drawn(1, 20, lambda night: 70.0 - 3 * (night >= 12))
    whole = steps(series, 0.05, seed=0)
    monkeypatch.setattr(module, "_AT_ONCE", 1000)
    assert [step.at for step in steps(series, 0.05, seed=0)] == [step.at for step in whole]


@pytest.mark.simulation
@pytest.mark.parametrize("nights", [6, 15, 30])
def test_false_steps_are_as_rare_as_stated(nights: int) -> None:
    """At most alpha of series without a step."""
    hits = sum(bool(steps(drawn(k, nights, lambda _: 70.0), 0.05, seed=k)) for k in range(DRAWS))
    print(f"{nights} nights: {hits / DRAWS:.3f}")
    assert_rate(hits, DRAWS, 0.0, 0.05)


@pytest.mark.simulation
@pytest.mark.parametrize("nights", [6, 15, 30])
def test_the_smallest_step_and_drift_are_found_as_promised(nights: int) -> None:
    """In four of five series or more."""
    alpha = 0.025 / 6
    step, drift = (least([3] * nights, 1.0, alpha) for least in (smallest_step, smallest_drift))
    assert step is not None
    assert drift is not None
    laws = (lambda k: 70 - step * (k >= nights // 2)), (lambda k: 70 - drift * k)
    for name, law in zip(("step", "drift"), laws, strict=True):
        hits = sum(bool(steps(drawn(k, nights, law), alpha, seed=k)) for k in range(DRAWS))
        print(f"{nights} nights, {name}: {hits / DRAWS:.3f}")
        assert_rate(hits, DRAWS, 0.8, 1.0)
