"""Tests at planned looks: their levels, and how often they err."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from benchmark.evidence.claims.grammar import parse
from benchmark.evidence.claims.trial import Trial, levels_of, trial
from benchmark.evidence.statistics.layout import Floats
from benchmark.evidence.statistics.multiple import Spending
from tests.benchmark.evidence.statistics.simulating import assert_rate, simulations


@dataclass(frozen=True)
class Plan:
    """What is fixed beforehand."""

    alpha: float = 0.05
    looks: tuple[int, ...] = (3, 5, 10)
    spending: Spending = "pocock"
    paired: bool = True
    margin: float | None = 1.0


def rows(*values: float) -> Floats:
    """Make the scores of one cell."""
    return np.array([values])


def test_one_look_is_the_t_test() -> None:
    """As scipy has it, paired and unpaired."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(1, 1, (1, 8)), rng.normal(0, 3, (1, 8))
    found = trial(parse("a > b"), {"a": a, "b": b}, Plan(looks=(8,)))
    assert found.p == pytest.approx(stats.ttest_rel(a[0], b[0], alternative="greater").pvalue)
    assert found.p_against == pytest.approx(1 - found.p)
    apart = trial(parse("a > b"), {"a": a, "b": b}, Plan(looks=(8,), paired=False))
    truth = stats.ttest_ind(a[0], b[0], equal_var=False, alternative="greater")
    assert apart.p == pytest.approx(truth.pvalue)


def test_alpha_is_spent_over_the_looks_and_no_more() -> None:
    """Increments of Lan and DeMets' function of the Pocock type, worked out by hand."""
    spent = [0.05 * math.log(1 + (math.e - 1) * t) for t in (0.3, 0.5, 1.0)]
    assert np.cumsum(levels_of(Plan())) == pytest.approx(spent)


def test_replicates_between_looks_are_not_looked_at() -> None:
    """The fourth does not move a verdict that is planned for the third and the fifth."""
    a, b = rows(3, 4, 5.5), rows(1, 2, 3)
    three = trial(parse("a > b"), {"a": a, "b": b}, Plan())
    more = {"a": np.append(a, [[-90.0]], 1), "b": np.append(b, [[99.0]], 1)}
    assert trial(parse("a > b"), more, Plan()) == three
    assert [look.replicates for look in three.looks] == [3]


def test_an_ordering_holds_only_if_every_part_does() -> None:
    """Its p is the largest of its parts."""
    data = {"a": rows(5, 6, 7.5), "b": rows(3, 4, 5), "c": rows(3.1, 3.9, 5.0)}
    one = trial(parse("a > b"), data, Plan(looks=(3,)))
    two = trial(parse("b > c"), data, Plan(looks=(3,)))
    both = trial(parse("a > b > c"), data, Plan(looks=(3,)))
    assert both.p == max(one.p, two.p) > 0.3
    assert both.p_against == pytest.approx(min(1, 2 * min(one.p_against, two.p_against)))


def test_replicates_that_agree_to_the_bit_say_nothing() -> None:
    """No noise seen is not no noise."""
    found = trial(parse("a > b"), {"a": rows(5, 5, 5), "b": rows(4, 4, 4)}, Plan())
    assert (found.p, found.p_against) == (1.0, 1.0)
    assert "do not differ" in found.looks[0].leaves[0].problem


def test_a_method_at_the_floor_is_not_robust() -> None:
    """A small spread with a mean worse by more than the margin supports nothing."""
    rng = np.random.default_rng(0)
    effects = np.array([[-6.0], [0.0], [6.0]])

    def noisy(at: float, scale: float) -> Floats:
        return np.asarray(at + scale * effects + rng.normal(0, 0.3, (3, 10)))

    text = "spread(a, over=encoder) < spread(b, over=encoder)"
    good = trial(parse(text), {"a": noisy(80, 0.1), "b": noisy(80, 1.0)}, Plan())
    floor = trial(parse(text), {"a": noisy(40, 0.1), "b": noisy(80, 1.0)}, Plan())
    assert good.p < 0.05 < floor.p
    assert floor.p_against < 0.05


def test_a_spread_is_drawn_alike_twice() -> None:
    """Its bootstrap is seeded."""
    data = {name: np.random.default_rng(k).normal(0, 1, (3, 5)) for k, name in enumerate("ab")}
    statement = parse("spread(a, over=encoder) < spread(b, over=encoder)")
    assert trial(statement, data, Plan()) == trial(statement, data, Plan())


def rate(text: str, plan: Plan, draws: int, make: Callable[[Generator], dict[str, Floats]]) -> int:
    """Count how often a statement that is false, just, comes out as supported."""
    rng, statement = np.random.default_rng(7), parse(text)
    found: list[Trial] = [trial(statement, make(rng), plan) for _ in range(draws)]
    return sum(each.p <= plan.alpha for each in found)


def pair(shift: float, correlation: float = 0.7) -> Callable[[Generator], dict[str, Floats]]:
    """Make ten replicates of two cells whose means differ by so much."""

    def make(rng: Generator) -> dict[str, Floats]:
        block = rng.normal(0, math.sqrt(correlation), (1, 10))
        a, b = (rng.normal(0, math.sqrt(1 - correlation), (1, 10)) for _ in range(2))
        return {"a": 70 + shift + block + a, "b": 70 + block + b}

    return make


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("text", "shift"),
    [
        ("mean(a) > mean(b)", 0.0),
        ("mean(a) >= mean(b) - margin", -1.0),
        ("abs(mean(a) - mean(b)) <= margin", 1.0),
        ("abs(mean(a) - mean(b)) > margin", 1.0),
        ("a > 70", 0.0),
    ],
)
@pytest.mark.parametrize("paired", [True, False])
def test_at_the_border_a_claim_is_supported_at_most_alpha(
    text: str, shift: float, *, paired: bool
) -> None:
    """All three looks together, at the worst point of the null hypothesis."""
    draws, plan = simulations(200), Plan(paired=paired)
    correlation = 0.7 if paired else 0.0
    hits = rate(text, plan, draws, pair(shift, correlation))
    assert_rate(hits, draws, 0.0, plan.alpha)


@pytest.mark.simulation
def test_of_equal_spreads_none_is_found_smaller_too_often() -> None:
    """Two methods with one encoder effect and means far within the margin, at three looks."""
    effects = np.array([[-1.5], [-0.5], [0.5], [1.5]])

    def make(rng: Generator) -> dict[str, Floats]:
        return {
            "a": 75 + effects + rng.normal(0, 1, (4, 10)),
            "b": 70 + effects + rng.normal(0, 1, (4, 10)),
        }

    draws = simulations(12)
    hits = rate("spread(a, over=encoder) < spread(b, over=encoder)", Plan(), draws, make)
    assert_rate(hits, draws, 0.0, 0.05)
