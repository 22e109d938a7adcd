"""Paired tests agree with scipy, with sums written out, and with their promised error rate."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from benchmark.evidence.paired import holm, mcnemar, sign_flip

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


def test_holm_gives_the_values_worked_by_hand() -> None:
    """0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 is raised to the one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(pvalues: list[float]) -> None:
    """Never below the p given, never above n times it, and as ordered as they were."""
    corrected = holm(pvalues)

    for p, q in zip(pvalues, corrected, strict=True):
        assert p <= q <= 1
    assert min(corrected) == min(1.0, len(pvalues) * min(pvalues))
    order = np.argsort(pvalues, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()


def test_holm_keeps_the_family_wise_error() -> None:
    """Eighteen true hypotheses: one or more falls in at most 5 % of 2,000 families (+- 4 s.e.)."""
    draws = np.random.default_rng(1).random((2000, 18))

    false_alarms = np.mean([min(holm(list(family))) < 0.05 for family in draws])

    assert 0.03 < false_alarms < 0.07
