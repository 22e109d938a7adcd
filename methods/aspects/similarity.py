"""Aspect 4, the similarity measure: higher is more alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Cosine:
    """Cosine over a temperature (SimCLR, MoCo, BYOL with a temperature of 1)."""

    temperature: float = 1.0
    """Above 0; the cosine is divided by it."""

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0 (got {self.temperature})")

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row: (N, D) and (N, D) to (N,)."""
        return (F.normalize(a, dim=1) * F.normalize(b, dim=1)).sum(1) / self.temperature

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all rows with all: (N, D) and (M, D) to (N, M)."""
        return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / self.temperature


@dataclass(frozen=True)
class Dot:
    """Dot product times a constant (CPC: 0.1 on its predictions)."""

    scale: float = 1.0

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row: (N, D) and (N, D) to (N,)."""
        return (a * b).sum(1) * self.scale

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all rows with all: (N, D) and (M, D) to (N, M)."""
        return (a * self.scale) @ b.T


@dataclass(frozen=True)
class ScaledDot:
    """Dot product over the root of the width (AMDIM, YADIM), at least in float32.

    Source: Philip-Bachman/amdim-public, costs.py, commit 8754ae149.
    """

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row: (N, D) and (N, D) to (N,)."""
        a, b = _at_least_float32(a), _at_least_float32(b)
        return (a * b).sum(1) / math.sqrt(a.shape[1])

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all rows with all: (N, D) and (M, D) to (N, M)."""
        a, b = _at_least_float32(a), _at_least_float32(b)
        return a @ b.T / math.sqrt(a.shape[1])


def _at_least_float32(x: Tensor) -> Tensor:
    return x.float() if x.dtype.itemsize < 4 else x
