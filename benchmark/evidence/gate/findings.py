"""What a look is given, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from benchmark.evidence.gate import noninferiority
from benchmark.evidence.gate.noninferiority import Change, Kind

Scores: TypeAlias = Mapping[int, float]
"""Percent by replicate."""


@dataclass(frozen=True)
class Rule:
    """What is decided by, fixed before anything is run."""

    margin: float = 1.0
    """A drop that nobody minds, points."""
    cost_margin: float = 10.0
    """A rise in time or memory that nobody minds, 100 times its logarithm: about percent."""
    alpha: float = 0.05
    """Chance of a false alarm in one night, all methods and cells together."""
    protocol: str = "linear"
    fail_on_cost: bool = False
    """Whether a rise in cost is a regression of the night; else it is a warning."""


@dataclass(frozen=True)
class CellScores:
    """One cell on both sides."""

    key: str
    """What its replicates have in common."""
    label: str
    method: str
    new: Scores
    old: Scores


@dataclass(frozen=True)
class Finding:
    """What one method or cell came to."""

    name: str
    of: str
    """`method`, `cell`, `speed` or `memory`."""
    kind: Kind
    reason: str
    look: int = 1
    change: Change | None = None
    low: float | None = None
    """Lower one-sided end, points: above -margin it passes."""
    low_level: float | None = None
    """Its error rate."""
    high: float | None = None
    """Upper one-sided end, corrected, points: below 0 there is evidence of a drop."""
    high_level: float | None = None
    """Its error rate: that of its step of Holm's correction."""
    p_holm: float | None = None
    suspect: bool = False
    """Whether it is to be run again before it fails."""
    margin: float = 0.0
    """Of the rule, points."""
    level: float = 0.05
    """Of the upper end where nothing else is found: alpha of the family by its size."""

    def smallest_drop(self) -> float | None:
        """Return the true drop that is found with a chance of 80 %, points; None if unmeasured."""
        if self.change is None:
            return None
        return noninferiority.smallest_drop(self.change, self.margin, self.level)
