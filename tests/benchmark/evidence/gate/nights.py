"""Nights drawn by a known law, put through the gate's own looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.evidence.gate import look, noninferiority
from benchmark.evidence.gate.findings import CellScores, Finding, Rule

METHODS, ENCODERS = 6, 4


@dataclass(frozen=True)
class World:
    """What scores are drawn from: 24 cells, a block shared by all cells of one replicate."""

    cell_sd: float = 0.9
    block_sd: float = 0.45
    old: int = 10
    new: int = 3

    def draw(self, random: np.random.Generator, replicates: int) -> NDArray[np.float64]:
        """Draw (methods, encoders, replicates), percent."""
        own = random.normal(0, self.cell_sd, (METHODS, ENCODERS, replicates))
        return 70 + own + random.normal(0, self.block_sd, replicates)


@dataclass(frozen=True)
class Night:
    """What one night came to."""

    first: bool
    """The first look alone found a regression."""
    suspected: bool
    decided: bool
    """A second look confirmed one, on fresh replicates under both commits."""
    passes: bool
    """Every method does, at its last look."""
    left_open: bool
    """A suspected cell came out inconclusive at its second look."""


def night(
    world: World,
    random: np.random.Generator,
    baseline: NDArray[np.float64],
    drops: NDArray[np.float64],
    rule: Rule,
) -> Night:
    """Draw a night and look at it, and again where something is suspected.

    Args:
        world: the law.
        random: its draws.
        baseline: (methods, encoders, replicates).
        drops: (methods, encoders) true drops, points.
        rule: of the gate.
    """
    new = world.draw(random, world.new) - drops[..., None]
    cells = _cells(new, baseline)
    methods, each = look.first(cells, rule)
    first = [finding.kind == "regression" for finding in (*methods, *each)]
    suspects = [finding for finding in (*methods, *each) if finding.suspect]
    if not suspects:
        passes = all(finding.kind == "pass" for finding in methods)
        return Night(any(first), False, False, passes, False)
    change = suspects[0].change
    assert change is not None
    count = noninferiority.fresh_replicates(change)
    fresh = _cells(world.draw(random, count) - drops[..., None], world.draw(random, count))
    again = look.second(cells, fresh, rule)
    confirmed = _confirmed(methods, again[0]) or _confirmed(each, again[1])
    last = [new if old.suspect else old for old, new in zip(methods, again[0], strict=True)]
    passes = all(finding.kind == "pass" for finding in last)
    pairs = zip(each, again[1], strict=True)
    left_open = any(old.suspect and new.kind == "inconclusive" for old, new in pairs)
    return Night(any(first), True, confirmed, passes, left_open)


def _confirmed(before: list[Finding], after: list[Finding]) -> bool:
    pairs = zip(before, after, strict=True)
    return any(old.suspect and new.kind == "regression" for old, new in pairs)


def _cells(new: NDArray[np.float64], old: NDArray[np.float64]) -> list[CellScores]:
    return [
        CellScores(
            f"{method} {encoder}",
            f"method {method} encoder {encoder}",
            f"method {method}",
            dict(enumerate(map(float, new[method, encoder]), 1000)),
            dict(enumerate(map(float, old[method, encoder]))),
        )
        for method in range(METHODS)
        for encoder in range(ENCODERS)
    ]
