"""Momentum copies: slow networks that follow fast ones (MoCo, BYOL)."""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def slow_copy(network: Network) -> Network:
    """Return a copy that no optimiser moves.

    Its batch-norm buffers are its own: they come from its own forward passes in training mode,
    as in the authors' code of both methods, and are not averaged.
    """
    slow = copy.deepcopy(network)
    for parameter in slow.parameters():
        parameter.requires_grad_(False)
    return slow


@torch.no_grad()
def follow(slow: nn.Module, fast: nn.Module, momentum: float) -> None:
    """Move each slow parameter: momentum * slow + (1 - momentum) * fast."""
    ours = [p.detach() for p in slow.parameters()]
    theirs = [p.detach() for p in fast.parameters()]
    torch._foreach_lerp_(ours, theirs, 1.0 - momentum)


def cosine_momentum(base: float, step: int, total_steps: int) -> float:
    """Return BYOL's momentum, from `base` at step 0 towards 1 after the last.

    Source: arXiv 2006.07733, section 3.3: 1 - (1 - base) (cos(pi k / K) + 1) / 2.
    """
    return 1.0 - (1.0 - base) * (math.cos(math.pi * step / total_steps) + 1.0) / 2.0
