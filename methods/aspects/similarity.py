"""Aspect 4, the similarity measure: higher is more alike.

All scores are computed in float32 at least, whatever autocast says: at a temperature of 0.1 the
last bit of a bfloat16 cosine is worth 0.04 nats, and AMDIM's clipped scores overflow in float16.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Cosine:
    """Cosine over a temperature (SimCLR, MoCo, BYOL with a temperature of 1)."""

    temperature: float = 1.0
    """Above 0; the cosine is divided by it."""

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature must be above 0 and finite (got {self.temperature})")

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row: (N, D) and (N, D) to (N,)."""
        return _pairs(_unit(a), _unit(b)) / self.temperature

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all rows with all: (N, D) and (M, D) to (N, M)."""
        return _matrix(_unit(a), _unit(b)) / self.temperature


@dataclass(frozen=True)
class Dot:
    """Dot product times a constant (CPC: 0.1 on its predictions)."""

    scale: float = 1.0

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row: (N, D) and (N, D) to (N,)."""
        return _pairs(a, b) * self.scale

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all rows with all: (N, D) and (M, D) to (N, M)."""
        return _matrix(a, b) * self.scale


@dataclass(frozen=True)
class ScaledDot:
    """Dot product over the root of the width (AMDIM, YADIM).

    Source: Philip-Bachman/amdim-public, costs.py, commit 8754ae149.
    """

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row: (N, D) and (N, D) to (N,)."""
        return _pairs(a, b) / math.sqrt(a.shape[1])

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all rows with all: (N, D) and (M, D) to (N, M)."""
        return _matrix(a, b) / math.sqrt(a.shape[1])


def _at_least_float32(x: Tensor) -> Tensor:
    return x.float() if x.dtype.itemsize < 4 else x


def _unit(x: Tensor) -> Tensor:
    return F.normalize(_at_least_float32(x), dim=1)


def _pairs(a: Tensor, b: Tensor) -> Tensor:
    return (_at_least_float32(a) * _at_least_float32(b)).sum(1)


def _matrix(a: Tensor, b: Tensor) -> Tensor:
    with torch.autocast(a.device.type, enabled=False):
        return _at_least_float32(a) @ _at_least_float32(b).T
