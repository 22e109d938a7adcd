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
    deciding: Leaf
    """The leaf whose p is that of the statement, before any correction for their number."""
    deciding_against: Leaf


@dataclass(frozen=True)
class _Part:
    """A statement, or a part of one, on some replicates."""

    p: float
    against: float
    leaves: tuple[Leaf, ...]
    deciding: Leaf
    deciding_against: Leaf


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
    part = _tested(statement, first, design)
    return Look(
        size,
        level,
        spent,
        part.p,
        part.against,
        part.leaves,
        part.deciding,
        part.deciding_against,
    )


def _tested(statement: Statement, data: Mapping[str, Floats], design: Design) -> _Part:
    if isinstance(statement, Contrast):
        return _alone(contrast_leaf(statement, data, design))
    if isinstance(statement, Smaller):
        # at the floor everything is robust: the mean must be no worse by more than the margin
        mean = Contrast(((statement.first, 1.0), (statement.second, -1.0)), margin=1.0)
        spread = _alone(spread_leaf(statement, data, design))
        return _together([spread, _tested(mean, data, design)])
    parts = [_tested(part, data, design) for part in statement.parts]
    if isinstance(statement, All):
        return _together(parts)
    assert isinstance(statement, AnyOf)
    return _turned(_together([_turned(part) for part in parts]))


def _alone(leaf: Leaf) -> _Part:
    return _Part(leaf.p, leaf.p_against, (leaf,), leaf, leaf)


def _turned(part: _Part) -> _Part:
    """Return what the contrary of a statement says."""
    return _Part(part.against, part.p, part.leaves, part.deciding_against, part.deciding)


def _together(parts: list[_Part]) -> _Part:
    """Return what all of several say: the weakest for, the strongest against times their number."""
    weakest = max(parts, key=lambda part: part.p)
    strongest = min(parts, key=lambda part: part.against)
    return _Part(
        weakest.p,
        min(1.0, len(parts) * strongest.against),
        tuple(leaf for part in parts for leaf in part.leaves),
        weakest.deciding,
        strongest.deciding_against,
    )
