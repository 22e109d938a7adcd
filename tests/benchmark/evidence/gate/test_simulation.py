"""False alarms and power over simulated nights: 6 methods x 4 encoders, 3 new against 10 old.

With -s each test prints promised against found; what CSLBENCH_SIMULATIONS=1000 gives stands in
`benchmark/evidence/gate/look.py`.
"""

from __future__ import annotations

import os
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.evidence.gate import noninferiority
from benchmark.evidence.gate.findings import Rule
from benchmark.evidence.gate.look import SCREEN, SHARES
from benchmark.evidence.gate.noninferiority import Change
from tests.benchmark.evidence.gate.nights import ENCODERS, METHODS, World, night

pytestmark = pytest.mark.simulation
NIGHTS = int(os.environ.get("CSLBENCH_SIMULATIONS", "100"))
WORLD = World()
SHARP = Rule(margin=0.3)
"""A margin below the noise, so that it is the tests that hold the false alarms, not the margin."""


def test_false_alarms_are_at_most_alpha_on_average_and_for_the_worst_baselines() -> None:
    """One look errs 5 % on average; two looks also where the baseline is the worst of ten."""
    rates = _rates(np.zeros((METHODS, ENCODERS)), SHARP, baselines=max(10, NIGHTS // 20), nights=20)
    print(f"A/A: one look {rates[:, 0].mean():.3f}, decided {rates[:, 2].mean():.4f}")
    worst = np.sort(rates, axis=0)[-len(rates) // 10 :].mean(axis=0)
    print(f"worst tenth: one look {worst[0]:.3f}, decided {worst[2]:.4f}")
    error = np.sqrt(0.05 * 0.95 / rates.shape[0] / 20)
    assert rates[:, 0].mean() < 0.05 + 3 * error
    assert rates[:, 2].mean() < 0.05
    assert worst[2] < 0.05 + 3 * np.sqrt(10) * error


@pytest.mark.parametrize("drop", [1.0, 2.0, 3.0])
def test_planted_drops_are_found_as_often_as_promised(drop: float) -> None:
    """One method drops in all its encoders: at least the promise, and not by luck far above."""
    drops = np.zeros((METHODS, ENCODERS))
    drops[0] = drop
    rates = _rates(drops, SHARP, baselines=NIGHTS, nights=1).mean(axis=0)
    one, decided = _promised(drop, SHARP)
    print(f"drop {drop}: one look {one:.3f} {rates[0]:.3f}; decided {decided:.3f} {rates[2]:.3f}")
    error = 0.5 / np.sqrt(NIGHTS)
    assert one - 3 * error < rates[0] < one + 0.05 + 3 * error
    assert decided - 3 * error < rates[2] < decided + 0.05 + 3 * error


@pytest.mark.parametrize("margin", [1.0, 2.0])
def test_nights_without_a_drop_seldom_end_open_for_a_single_cell(margin: float) -> None:
    """Of nights whose methods pass, few have a suspected cell that nothing cleared."""
    random = np.random.default_rng(11)
    none, rule = np.zeros((METHODS, ENCODERS)), Rule(margin=margin)
    nights = [
        night(WORLD, random, WORLD.draw(random, WORLD.old), none, rule) for _ in range(5 * NIGHTS)
    ]
    passing = [came for came in nights if came.passes and not came.decided]
    lone = sum(came.left_open for came in passing)
    print(
        f"margin {margin}: methods pass {len(passing) / len(nights):.3f}, of these "
        f"left open by a cell {lone / len(passing):.3f}"
    )
    assert lone / len(passing) < 0.02 + 3 * np.sqrt(0.02 / len(passing))


def _promised(drop: float, rule: Rule) -> tuple[float, float]:
    """Return the chance of one look, and of being suspected and then confirmed."""
    level = SHARES["method"] * rule.alpha / METHODS
    sd = float(np.hypot(WORLD.cell_sd / np.sqrt(ENCODERS), WORLD.block_sd))
    looks = []
    for new, old in ((WORLD.new, WORLD.old), (5, 5)):
        error = sd * float(np.sqrt(1 / new + 1 / old))
        looks.append(Change(70.0, 70.0, error, WORLD.old - 1, sd, new, old))
    first = noninferiority.power(drop, looks[0], rule.margin, level)
    screened = noninferiority.power(drop, looks[0], rule.margin, SCREEN / METHODS)
    return first, screened * noninferiority.power(drop, looks[1], rule.margin, level)


def _rates(
    drops: NDArray[np.float64], rule: Rule, *, baselines: int, nights: int
) -> NDArray[np.float64]:
    """Return (baselines, 3): how often the first look alarmed, suspected, and was confirmed."""
    random = np.random.default_rng(7)
    found = np.zeros((baselines, 3))
    bases = [WORLD.draw(random, WORLD.old) for _ in range(baselines)]
    for which, _ in product(range(baselines), range(nights)):
        came = night(WORLD, random, bases[which], drops, rule)
        found[which] += came.first, came.suspected, came.decided
    return found / nights
