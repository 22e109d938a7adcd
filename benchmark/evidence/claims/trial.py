"""The test of a statement on replicates, at its planned looks; knows no store.

Each leaf of a statement, a contrast of means or a comparison of spreads, has a p against it being
false and one against it being true. A statement of which all parts must hold is tested by the
largest p (intersection-union, nothing to correct); one of which any may hold by the smallest, times
their number. What several looks say is one p: the smallest p x alpha / (alpha spent at that look),
which is at most x with chance x, whatever the looks have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.evidence.claims.leaf import Design, Leaf, contrast_leaf, spread_leaf
from benchmark.evidence.claims.statement import All, AnyOf, Contrast, Smaller, Statement
from benchmark.evidence.statistics.layout import Floats
from benchmark.evidence.statistics.multiple import alpha_spent


@dataclass(frozen=True)
class Look:
    """A statement at one number of replicates."""

    replicates: int
    level: float
    """Alpha that is spent at this look."""
    spent: float
    """Alpha that is spent up to and with it."""
    p: float
    p_against: float
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Trial:
    """A statement at all looks so far."""

    looks: tuple[Look, ...]
    """None yet where there are fewer replicates than the first look has."""
    p: float
    """Over all looks; 1 before the first."""
    p_against: float

    def decisive(self, *, against: bool = False) -> Look:
        """Return the look that says most in a direction."""
        return min(
            self.looks, key=lambda look: (look.p_against if against else look.p) / look.level
        )


def trial(statement: Statement, data: Mapping[str, Floats], design: Design) -> Trial:
    """Test a statement at every look that there are replicates for.

    Args:
        statement: of a predicate.
        data: (E, R) percent by cell; E is 1 where nothing is spread over.
        design: of the claim.
    """
    have = min(values.shape[1] for values in data.values())
    levels = levels_of(design)
    total, looks = 0.0, []
    for size, level in zip(design.looks, levels, strict=True):
        total += level
        if size <= have:
            looks.append(look(statement, data, design, size=size, level=level, spent=total))
    ratio = [design.alpha / each.level for each in looks]
    p, against = (
        min([1.0, *(value * scale for value, scale in zip(values, ratio, strict=True))])
        for values in ([each.p for each in looks], [each.p_against for each in looks])
    )
    return Trial(tuple(looks), p, against)


def levels_of(design: Design) -> list[float]:
    """Return the alpha spent at each look."""
    fractions = [size / design.looks[-1] for size in design.looks]
    spent = alpha_spent(design.alpha, fractions, design.spending)
    return [float(each) for each in np.diff([0.0, *spent])]


def look(
    statement: Statement,
    data: Mapping[str, Floats],
    design: Design,
    *,
    size: int,
    level: float,
    spent: float,
) -> Look:
    """Test a statement on the first replicates.

    Args:
        statement: of a predicate.
        data: (E, R) percent by cell.
        design: of the claim.
        size: replicates, two or more.
        level: alpha of this look.
        spent: alpha up to and with it.
    """
    first = {name: values[:, :size] for name, values in data.items()}
    p, against, leaves = _tested(statement, first, design)
    return Look(size, level, spent, p, against, tuple(leaves))


def _tested(
    statement: Statement, data: Mapping[str, Floats], design: Design
) -> tuple[float, float, list[Leaf]]:
    if isinstance(statement, Contrast):
        leaf = contrast_leaf(statement, data, design)
        return leaf.p, leaf.p_against, [leaf]
    if isinstance(statement, Smaller):
        leaf = spread_leaf(statement, data, design)
        # at the floor everything is robust: the mean must be no worse by more than the margin
        mean = Contrast(((statement.first, 1.0), (statement.second, -1.0)), margin=1.0)
        parts = [(leaf.p, leaf.p_against, [leaf]), _tested(mean, data, design)]
        return _together(parts)
    parts = [_tested(part, data, design) for part in statement.parts]
    if isinstance(statement, All):
        return _together(parts)
    assert isinstance(statement, AnyOf)
    against, p, leaves = _together([(a, p, leaves) for p, a, leaves in parts])
    return p, against, leaves


def _together(parts: list[tuple[float, float, list[Leaf]]]) -> tuple[float, float, list[Leaf]]:
    p = max(part[0] for part in parts)
    against = min(1.0, len(parts) * min(part[1] for part in parts))
    return p, against, [leaf for part in parts for leaf in part[2]]
