"""Simulated error rates: few draws in the normal run, many where CSLBENCH_SIMULATIONS says so."""

from __future__ import annotations

import math
import os


def simulations(few: int) -> int:
    """Return how many data sets to draw."""
    return int(os.environ.get("CSLBENCH_SIMULATIONS", few))


def assert_rate(hits: float, draws: int, low: float, high: float) -> None:
    """Assert that a rate is in a range, up to 3.5 Monte Carlo standard errors."""
    rate = hits / draws
    ends = [end - sign * _slack(end, draws) for end, sign in ((low, 1), (high, -1))]

    assert ends[0] <= rate <= ends[1], f"{rate:.4f} of {draws}, not in {low} to {high}"


def _slack(rate: float, draws: int) -> float:
    return 3.5 * math.sqrt(rate * (1 - rate) / draws)
