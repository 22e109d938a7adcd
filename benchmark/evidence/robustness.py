"""How robust methods are to the encoder, or to the dataset: spreads, tests, and what is shared.

The levels that were run are a fixed, named set. A method spreads little at the floor, too: of two
methods one is called more robust only if its mean is also no worse by more than a margin. Both
must be shown at the level that Holm leaves the pair, so that 5 % holds for all pairs together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np

from benchmark.evidence.designs import Design, Refused
from benchmark.evidence.statistics.equivalence import NonInferiority, non_inferiority
from benchmark.evidence.statistics.layout import Floats
from benchmark.evidence.statistics.multiple import holm
from benchmark.evidence.statistics.paired import paired_t
from benchmark.evidence.statistics.ranks import Stability, stability
from benchmark.evidence.statistics.spread import Spread, smaller_spread, spread
from benchmark.evidence.statistics.variance import Components, split, to_logit

Kind: TypeAlias = Literal["more robust", "smaller spread, mean not shown as good", "inconclusive"]

ALPHA = 0.05
MARGIN = 2.0
"""Points by which the mean of a more robust method may be lower."""
SEED = 0
_TINY = 1e-9
"""Points: what rounding leaves of no difference."""


@dataclass(frozen=True)
class Row:
    """One method."""

    method: str
    points: Spread
    logit: Spread | None
    """None where a score is 0 or 100, which has no logit."""
    worst_at: str
    """The level of the worst mean."""


@dataclass(frozen=True)
class Pair:
    """Two methods; the first is the one whose encoder effect came out smaller."""

    first: str
    second: str
    difference: float
    """Of the effects' variances, first minus second, points squared."""
    p: float
    """Two-sided: the direction was not chosen beforehand."""
    p_holm: float
    """`p` after Holm over all pairs."""
    p_robust: float
    """Larger p of the spread and of a mean that is too low, after Holm over all pairs."""
    p_logit: float | None
    """Of the spread on the logit scale, after Holm."""
    correlation: float
    """Of the two methods' noise in the same cell and replicate."""
    mean: NonInferiority
    """First minus second mean, against the margin."""

    @property
    def kind(self) -> Kind:
        """What may be said."""
        if self.p_robust < ALPHA:
            return "more robust"
        return "smaller spread, mean not shown as good" if self.p_holm < ALPHA else "inconclusive"


@dataclass(frozen=True)
class Robustness:
    """All that one table says."""

    design: Design
    rows: tuple[Row, ...]
    """The smallest effect first."""
    pairs: tuple[Pair, ...]
    components: Components | None
    """None for one method."""
    order: Stability | None
    """Whether the levels put the methods in one order; None for one method."""
    test_images: Literal["fixed", "drawn"] = "fixed"
    """Whether intervals are over replicates alone; where `drawn`, there are only rows."""


def robustness(
    design: Design, margin: float = MARGIN, *, logits: bool = True
) -> Robustness | Refused:
    """Judge one table; replicates are paired, since they share their random numbers.

    Args:
        design: methods by levels by replicates.
        margin: points by which the mean of a more robust method may be lower.
        logits: whether pairs are also tested on logits; that takes half of the time.
    """
    rows = spreads(design)
    if isinstance(rows, Refused):
        return rows
    table = np.array(design.scores)
    several = len(rows) > 1
    return Robustness(
        design,
        rows,
        _pairs(design, rows, _logits(table) if logits else None, margin),
        split(table) if several else None,
        stability(table.mean(axis=2)) if several else None,
    )


def spreads(design: Design) -> tuple[Row, ...] | Refused:
    """Return how far each method of a table spreads, the smallest effect first; without tests.

    Args:
        design: methods by levels by replicates.
    """
    table = np.array(design.scores)
    rest = table - table.mean(axis=1, keepdims=True)  # the levels may share their replicates' noise
    if (np.ptp(rest, axis=2) < _TINY).all(axis=1).any():
        return Refused(design.label, "replicates of a method do not differ: no noise to weigh by")
    logits = _logits(table)
    rows = [_row(design, index, table, logits) for index in range(len(design.methods))]
    return tuple(sorted(rows, key=lambda row: row.points.effect.variance))


def _logits(table: Floats) -> Floats | None:
    return to_logit(table) if ((table > 0) & (table < 100)).all() else None


def _row(design: Design, index: int, table: Floats, logits: Floats | None) -> Row:
    points = spread(table[index])
    return Row(
        design.methods[index],
        points,
        None if logits is None else spread(logits[index]),
        design.levels[points.worst_at],
    )


def _pairs(
    design: Design, rows: Sequence[Row], logits: Floats | None, margin: float
) -> tuple[Pair, ...]:
    effects = {row.method: row.points.effect.variance for row in rows}
    of = [effects[method] for method in design.methods]
    pairs = (sorted(pair, key=of.__getitem__) for pair in combinations(range(len(of)), 2))
    table = np.array(design.scores)
    found = [_pair(design, table, logits, pair, margin) for pair in pairs]
    corrected = holm([pair.p for pair in found])
    robust = holm([pair.p_robust for pair in found])
    on_logits = holm([pair.p_logit for pair in found if pair.p_logit is not None])
    return tuple(
        replace(
            pair,
            p_holm=corrected[index],
            p_robust=robust[index],
            p_logit=on_logits[index] if on_logits else None,
        )
        for index, pair in enumerate(found)
    )


def _pair(
    design: Design, table: Floats, logits: Floats | None, pair: Sequence[int], margin: float
) -> Pair:
    first, second = pair
    test = smaller_spread(table[first], table[second], seed=SEED)
    p_logit = None
    if logits is not None:
        p_logit = _two_sided(smaller_spread(logits[first], logits[second], seed=SEED).p)
    means = paired_t(table[first].mean(axis=0), table[second].mean(axis=0))
    mean = non_inferiority(means.difference, means.error, means.df, margin, ALPHA)
    p = _two_sided(test.p)
    return Pair(
        design.methods[first],
        design.methods[second],
        test.difference,
        p,
        p,
        max(p, mean.p),
        p_logit,
        test.correlation,
        mean,
    )


def _two_sided(p: float) -> float:
    return min(1.0, 2 * p)


def sd_of_effect(found: Spread) -> tuple[float, float, float]:
    """Return the sd of the encoder effect and both ends of its interval."""
    effect = found.effect
    return effect.sd, math.sqrt(effect.low), math.sqrt(effect.high)
