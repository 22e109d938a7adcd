"""Schedules as pure functions of the step: a factor on the learning rate.

`step` counts optimiser steps from 0, `total` is how many there will be; so a run that is resumed
needs no scheduler state.
"""

from __future__ import annotations

import math
from typing import Literal

Shape = Literal["constant", "cosine", "steps"]


def _check(step: int, total: int) -> None:
    if total < 1 or not 0 <= step <= total:
        raise ValueError(
            f"step must lie in 0..total and total be at least 1 (got step {step} of {total})"
        )


def linear_warmup(step: int, warmup: int) -> float:
    """Rise from 0 at step 0 to 1 at step `warmup`, then stay at 1.

    Source: simclr `learning_rate_schedule` and byol `schedules.learning_schedule`: the first update
    has learning rate 0 in both, and so here.
    """
    return min(1.0, step / warmup) if warmup > 0 else 1.0


def cosine(step: int, total: int) -> float:
    """Fall from 1 at step 0 to 0 at step `total` along half a cosine.

    Source: Loshchilov & Hutter, arXiv 1608.03983, eq. 5, with one cycle and no floor.
    """
    _check(step, total)
    return 0.5 * (1.0 + math.cos(math.pi * step / total))


def steps(step: int, total: int, milestones: tuple[float, ...], gamma: float) -> float:
    """Multiply by `gamma` at each milestone passed.

    Args:
        step: Optimiser steps done.
        total: Optimiser steps in all.
        milestones: Fractions of `total` in (0, 1), so that a shorter budget keeps the shape;
            AMDIM's drops at epochs 250 and 280 of 300 are (250 / 300, 280 / 300).
        gamma: The factor at each milestone.
    """
    _check(step, total)
    if any(not 0.0 < milestone < 1.0 for milestone in milestones):
        raise ValueError(f"milestones are fractions between 0 and 1 (got {milestones})")
    # rounding to whole steps keeps 0.6 * 5 = 3.0000000000000004 from moving a drop by a step
    return math.prod(gamma for milestone in milestones if step >= round(milestone * total))


def factor(
    shape: Shape,
    step: int,
    total: int,
    *,
    warmup: int = 0,
    milestones: tuple[float, ...] = (),
    gamma: float = 1.0,
) -> float:
    """Return what the base learning rate is multiplied by at this step.

    A cosine starts after the warm-up and spans what is left (SimCLR, BYOL); steps count from 0
    whatever the warm-up (AMDIM).

    Raises:
        ValueError: If the shape is unknown, or the warm-up or the step lies outside the run.
    """
    _check(step, total)
    if not 0 <= warmup <= total:
        raise ValueError(f"warm-up must lie in 0..{total} steps, the whole run (got {warmup})")
    if shape == "cosine":
        rising = step < warmup
        return linear_warmup(step, warmup) if rising else _cosine_after(step, total, warmup)
    if shape == "steps":
        return linear_warmup(step, warmup) * steps(step, total, milestones, gamma)
    if shape == "constant":
        return linear_warmup(step, warmup)
    raise ValueError(f"unknown schedule {shape!r} (known: constant, cosine, steps)")


def _cosine_after(step: int, total: int, warmup: int) -> float:
    return cosine(step - warmup, total - warmup) if total > warmup else 1.0
