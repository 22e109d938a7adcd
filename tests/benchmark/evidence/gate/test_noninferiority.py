"""New minus old, its ends and its power, against scipy and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.evidence.gate import noninferiority
from benchmark.evidence.gate.noninferiority import Change, Spread

OLD = [70.0, 71.0, 69.5, 70.5, 70.2, 69.8, 71.2, 70.1, 69.4, 70.7]
NEW = [68.0, 69.0, 68.4]


def test_the_change_has_the_error_of_both_sides_by_the_history() -> None:
    """Estimate, error, ends and p are those of a t law with the baseline's df."""
    sd = np.std(OLD, ddof=1)
    seen = noninferiority.change(NEW, OLD, Spread(float(sd), 9))
    error = sd * np.sqrt(1 / 3 + 1 / 10)
    law = stats.t(9, loc=np.mean(NEW) - np.mean(OLD), scale=error)
    assert seen.estimate == pytest.approx(np.mean(NEW) - np.mean(OLD))
    assert seen.error == pytest.approx(error)
    assert seen.low(0.05) == pytest.approx(law.ppf(0.05))
    assert seen.high(0.01) == pytest.approx(law.ppf(0.99))
    assert seen.p == pytest.approx(stats.t.cdf(seen.estimate / error, 9))


def test_a_rise_has_a_large_p() -> None:
    """One-sided: only a drop counts."""
    seen = noninferiority.change(OLD, NEW, Spread(0.6, 9))
    assert seen.p > 0.99


def test_replicates_that_never_differed_leave_no_doubt() -> None:
    """Error 0: the interval is the estimate, and p is 0 or 1."""
    drop = noninferiority.change([69.0], [70.0, 70.0], Spread(0.0, 1))
    same = noninferiority.change([70.0], [70.0, 70.0], Spread(0.0, 1))
    assert (drop.low(0.05), drop.high(0.05), drop.p) == (-1.0, -1.0, 0.0)
    assert same.p == 1.0


def test_a_cell_takes_its_own_spread_from_ten_replicates_on() -> None:
    """Below, the cells of its method are pooled; a cell of one replicate tells nothing."""
    own = noninferiority.cell_spread(OLD, [OLD, [1.0, 99.0]])
    assert own == Spread(float(np.std(OLD, ddof=1)), 9)
    pooled = noninferiority.cell_spread(OLD[:3], [OLD[:3], OLD[3:6], [50.0]])
    assert pooled is not None
    mean = (np.var(OLD[:3], ddof=1) + np.var(OLD[3:6], ddof=1)) / 2
    assert pooled.sd == pytest.approx(np.sqrt(mean))
    assert noninferiority.cell_spread([70.0], [[70.0]]) is None


@pytest.mark.parametrize(("drop", "margin"), [(1.0, 0.2), (2.0, 1.0), (3.0, 1.0), (1.2, 1.0)])
def test_power_is_that_of_drawn_nights(drop: float, margin: float) -> None:
    """The formula meets 100,000 drawn nights to 0.6 points, three errors and a bit."""
    random = np.random.default_rng(1)
    old = random.normal(size=(100_000, 10))
    new = random.normal(loc=-drop, size=(100_000, 3))
    estimate = new.mean(1) - old.mean(1)
    error = old.std(1, ddof=1) * np.sqrt(1 / 3 + 1 / 10)
    found = (estimate < -margin) & (estimate + stats.t.ppf(0.99, 9) * error < 0)
    seen = Change(70.0, 70.0, float(np.sqrt(1 / 3 + 1 / 10)), 9, 1.0, 3, 10)
    assert noninferiority.power(drop, seen, margin, 0.01) == pytest.approx(found.mean(), abs=6e-3)


def test_the_smallest_drop_is_found_in_four_nights_of_five() -> None:
    """And is never below the margin."""
    seen = Change(70.0, 70.0, 0.5, 9, 1.0, 3, 10)
    drop = noninferiority.smallest_drop(seen, 1.0, 0.01)
    assert noninferiority.power(drop, seen, 1.0, 0.01) == pytest.approx(0.8, abs=1e-6)
    sharp = Change(70.0, 70.0, 0.0, 9, 0.0, 3, 10)
    assert noninferiority.smallest_drop(sharp, 1.0, 0.01) == pytest.approx(1.0)


def test_a_second_look_errs_no_more_than_the_first() -> None:
    """2 / k is at most 1 / 3 + 1 / 10, and k - 1 would be too few."""
    assert noninferiority.fresh_replicates(Change(70.0, 70.0, 1.0, 9, 1.0, 3, 10)) == 5
