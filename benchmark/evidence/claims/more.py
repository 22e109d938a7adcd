"""What would settle a claim: replicates still needed, as a range, and the time they take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.counting import counted
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
    spread_known: bool = True
    """False where all that is known is when it is looked at."""

    @property
    def text(self) -> str:
        """Say the range."""
        if self.high is None:
            return f"at least {counted(self.low, 'more replicate')}"
        if self.low == self.high:
            return counted(self.low, "more replicate")
        return f"{self.low} to {counted(self.high, 'more replicate')}"

    def beyond(self, have: int, last: int) -> str:
        """Say whether it lies beyond the last planned look, wholly or in part."""
        if have + self.low > last:
            return f", beyond the last planned look at {last}"
        if self.high is None or have + self.high > last:
            return f", perhaps beyond the last planned look at {last}"
        return ""


def more_needed(claim: Claim, shown: Look | None, have: int, level: float) -> More | None:
    """Return replicates still needed, up to a look at which it is tested; None if nobody can tell.

    Beyond the last look they are counted as they are.
    """
    following = [size for size in claim.looks if size > have]
    least = following[0] - have if following else 1
    leaves = () if shown is None else shown.leaves
    known = [need for leaf in leaves if (need := _needed(leaf, level, claim)) is not None]
    spread_known = bool(known)
    if following and any(leaf.sd is None and leaf.p > level for leaf in leaves):
        # a spread: nothing is known but when it is looked at
        known.append(Needed(following[0], following[0], claim.looks[-1]))
    if known:
        low = _at_look(max(least, *(need.low - have for need in known)), have, following)
        likely = _at_look(max(low, *(need.likely - have for need in known)), have, following)
        tops = [need.high for need in known if need.high is not None]
        high = None
        if len(tops) == len(known):
            high = _at_look(max(likely, *(top - have for top in tops)), have, following)
        return More(low, likely, high, None, spread_known)
    if not following:
        return None
    return More(least, least, claim.looks[-1] - have, None, spread_known=False)


def _at_look(more: int, have: int, following: Sequence[int]) -> int:
    """Return so many more, or up to the next look where one follows."""
    return next((size - have for size in following if size >= have + more), more)


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
