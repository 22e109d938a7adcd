"""What would settle a claim: replicates still needed, as a range, and the time they take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.evidence.claims.cells import Instance
from benchmark.evidence.claims.leaf import Leaf
from benchmark.evidence.claims.model import Claim
from benchmark.evidence.claims.trial import Look
from benchmark.evidence.statistics.power import MOST, Needed, replicates_needed
from benchmark.plan import Pace, estimate
from benchmark.plan import Row as Names


@dataclass(frozen=True)
class More:
    """Replicates still needed of every cell, and what they take."""

    low: int
    likely: int
    high: int | None
    """None beyond what is worth counting."""
    seconds: float | None
    """Of the likely number, one cell after the other; None where no pace is known."""

    @property
    def text(self) -> str:
        """Say the range."""
        if self.high is None:
            return f"{self.low} or more"
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


def more_needed(claim: Claim, shown: Look | None, have: int, level: float) -> More | None:
    """Return replicates still needed, at least up to the next look; None if nobody can tell."""
    following = [size for size in claim.looks if size > have]
    least = following[0] - have if following else 1
    leaves = () if shown is None else shown.leaves
    known = [need for leaf in leaves if (need := _needed(leaf, level, claim)) is not None]
    if following and any(leaf.sd is None and leaf.p > level for leaf in leaves):
        # a spread: nothing is known but when it is looked at
        known.append(Needed(following[0], following[0], claim.looks[-1]))
    if known:
        low = max(least, *(need.low - have for need in known))
        likely = max(low, *(need.likely - have for need in known))
        tops = [need.high for need in known]
        high = None if None in tops else max(likely, *(top - have for top in tops if top))
        return More(low, likely, high, None)
    if not following:
        return None
    return More(least, least, claim.looks[-1] - have, None)


def _needed(leaf: Leaf, level: float, claim: Claim) -> Needed | None:
    """Return replicates at which a leaf that is open would be settled, if it is as it looks."""
    if leaf.sd is None or min(leaf.p, leaf.p_against) <= level:
        return None
    if abs(leaf.distance) < leaf.sd / math.sqrt(MOST):
        return Needed(MOST, MOST, None)
    return replicates_needed(
        abs(leaf.distance), leaf.sd, leaf.df, alpha=level, paired=claim.paired, sides=1
    )


def seconds_of(instance: Instance, pace: Mapping[Names, Pace]) -> float | None:
    """Return what one replicate of every line takes; None where that is not known of all."""
    total = 0.0
    for cell in {line.cell.pretrain_id: line.cell for line in instance.every_line}.values():
        seconds = estimate(cell, pace.get((cell.method, cell.dataset, cell.encoder)))
        if seconds is None:
            return None
        total += seconds
    return total
