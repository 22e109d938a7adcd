"""Robustness to the encoder: what a full table says of planted effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from benchmark.evidence import robustness as judging
from benchmark.evidence.designs import Design, Refused, designs
from benchmark.evidence.robustness import MARGIN, Robustness, robustness, sd_of_effect
from benchmark.evidence.statistics.multiple import holm
from benchmark.evidence.statistics.spread import DRAWS, SpreadTest
from benchmark.store.result import Result
from tests.benchmark.evidence.spreading import ENCODERS, made
from tests.benchmark.factories import make_result


def judged(results: list[Result]) -> Robustness:
    """Judge the only table that there is."""
    (design,) = designs(results, "encoder", protocol="linear")
    assert isinstance(design, Design)
    found = robustness(design)
    assert isinstance(found, Robustness)
    return found


def test_planted_spreads_are_told_apart_and_the_floor_is_not_called_robust() -> None:
    """SimCLR spreads less than BYOL; MoCo too, but is 30 points worse; those two are alike."""
    found = judged(made())
    kinds = {(pair.first, pair.second): pair.kind for pair in found.pairs}

    assert kinds["simclr", "byol"] == "more robust"
    assert kinds["moco_v2", "byol"] == "smaller spread, mean not shown as good"
    assert len(kinds) == 3
    assert [k for pair, k in kinds.items() if "byol" not in pair] == ["inconclusive"]
    assert [row.method for row in found.rows][-1] == "byol"


def test_without_logits_the_rest_is_the_same() -> None:
    """Every test on points, to the bit; none on logits."""
    (design,) = designs(made(), "encoder", protocol="linear")
    assert isinstance(design, Design)
    whole, less = robustness(design), robustness(design, logits=False)
    assert isinstance(whole, Robustness)
    assert isinstance(less, Robustness)
    assert {pair.p_logit for pair in less.pairs} == {None}
    assert None not in {pair.p_logit for pair in whole.pairs}
    assert less == replace(whole, pairs=tuple(replace(p, p_logit=None) for p in whole.pairs))


def test_a_row_recovers_what_was_planted() -> None:
    """BYOL: sd 8 of effects -1.2 .. 1.2, worst on the first encoder."""
    row = judged(made()).rows[-1]
    truth = 8 * float(np.std([-1.2, -0.4, 0.4, 1.2], ddof=1))

    sd, low, high = sd_of_effect(row.points)
    assert low < sd < high < low + 1
    assert sd == pytest.approx(truth, rel=0.05)
    assert row.worst_at == "compact"
    assert row.points.range == pytest.approx(8 * 2.4, abs=1)
    assert row.logit is not None


def test_the_same_results_give_the_same_numbers() -> None:
    """Whatever their order."""
    assert judged(made()) == judged([*reversed(made())])


def test_replicates_that_do_not_differ_are_refused() -> None:
    """A method without noise has no interval."""
    cells = [
        make_result("simclr", 70.0 + k, encoder=encoder, replicate=replicate)
        for k, encoder in enumerate(ENCODERS[:2])
        for replicate in range(2)
    ]
    (design,) = designs(cells, "encoder", protocol="linear")
    assert isinstance(design, Design)
    found = robustness(design, MARGIN)

    assert isinstance(found, Refused)
    assert "do not differ" in found.reason


def test_one_method_has_a_spread_and_nothing_to_compare_with() -> None:
    """No pairs, no split, no order."""
    found = judged(made(lambda m, *_: m == "simclr"))

    assert len(found.rows) == 1
    assert (found.pairs, found.components, found.order) == ((), None, None)


def test_more_robust_errs_in_few_tables_however_many_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steady methods that are worse by just the margin: 9 false statements could be made a table.

    Their means' tests alone, at 5 % each, err in far more tables than one in twenty. Spreads are
    so far apart that their bootstrap, which is slow, always gives its least p; so it stands here.
    """
    least = SpreadTest(-1.0, 1 / (DRAWS + 1), 0.0)
    monkeypatch.setattr(judging, "smaller_spread", lambda *_, **__: least)
    random = np.random.default_rng(5)
    wrong = uncorrected = 0
    tables, place = 60, np.array([-1.2, -0.4, 0.4, 1.2])[:, None]
    for _ in range(tables):
        steady = [-MARGIN + 0.1 * place + random.normal(0, 1, (4, 5)) for _ in range(3)]
        moving = [40 * place + random.normal(0, 1, (4, 5)) for _ in range(3)]
        scores = np.array([*steady, *moving]).tolist()
        found = robustness(Design("", tuple("abcxyz"), ENCODERS, tuple(range(5)), (), scores))
        assert isinstance(found, Robustness)
        false = [pair for pair in found.pairs if pair.first in "abc" and pair.second in "xyz"]
        assert len(false) == 9
        wrong += any(pair.kind == "more robust" for pair in false)
        uncorrected += any(pair.p_holm < 0.05 and pair.mean.holds for pair in false)

    assert wrong <= binom.ppf(0.999, tables, 0.05)
    assert uncorrected > binom.ppf(0.999, tables, 0.05)


def test_both_parts_of_more_robust_are_corrected_together() -> None:
    """Holm over the larger p of each pair; the spread keeps its own."""
    pairs = judged(made()).pairs

    assert [pair.p_robust for pair in pairs] == holm([max(p.p, p.mean.p) for p in pairs])
    assert [pair.p_holm for pair in pairs] == holm([pair.p for pair in pairs])
