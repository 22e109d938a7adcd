"""Attraction alone: the squared distance of unit vectors (BYOL)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from methods.recipe import Comparison, Paired, Similarity


@dataclass(frozen=True)
class Attraction:
    """2 - 2 similarity: with the cosine, the squared distance of unit vectors.

    Source: arXiv 2006.07733, equation 2; a sum over the width, not a mean.
    """

    def __call__(self, comparison: Comparison, similarity: Similarity) -> Tensor:
        """Return the mean over the anchors, a scalar."""
        if not isinstance(comparison, Paired):
            kind = type(comparison).__name__
            raise ValueError(f"attraction compares Paired vectors only (got {kind})")
        return (2 - 2 * similarity.pairs(comparison.anchors, comparison.positives)).mean()
