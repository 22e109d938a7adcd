"""AMDIM's NCE: each positive against the negatives only, regularised and softly clipped."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from methods.recipe import Comparison, Grouped, Similarity


@dataclass(frozen=True)
class ClippedNCE:
    """NCE over soft-clipped scores, plus a penalty on the raw ones.

    The penalty takes *all* raw scores, those of the own image's other places included, before
    the clip; other places of the own image are neither negatives nor in the denominator.

    Source: arXiv 1906.00910, section 3.4; Philip-Bachman/amdim-public, costs.py, commit 8754ae149.
    """

    clip: float = 20.0
    """c of c tanh(s / c), above 0. The authors' training uses 20 (model.py); a class of costs.py
    has 10 as its default."""
    penalty: float = 0.05
    """Weight of the mean squared raw score (costs.py: 5e-2)."""

    def __post_init__(self) -> None:
        if not self.clip > 0:
            raise ValueError(f"clip must be above 0 (got {self.clip})")
        if not self.penalty >= 0:
            raise ValueError(f"penalty must be 0 or more (got {self.penalty})")

    def __call__(self, comparison: Comparison, similarity: Similarity) -> Tensor:
        """Return the mean over anchors and positives in nats plus the penalty, a scalar.

        Raises:
            ValueError: If an anchor has no negative: its loss and gradient would be 0.
        """
        if not isinstance(comparison, Grouped):
            kind = type(comparison).__name__
            raise ValueError(f"NCE compares Grouped vectors only (got {kind})")
        own = comparison.anchor_image[:, None] == comparison.candidate_image[None]
        if bool(own.all(dim=1).any()):
            raise ValueError("NCE needs a negative for each anchor (got a batch of 1 image)")
        raw = similarity.matrix(comparison.anchors, comparison.candidates)
        scores = self.clip * torch.tanh(raw / self.clip)
        negatives = scores.masked_fill(own, float("-inf")).logsumexp(dim=1, keepdim=True)
        # e^p / (e^p + sum e^n) is the logistic function of p - log sum e^n
        anchor, candidate = own.nonzero(as_tuple=True)
        nats = -F.logsigmoid(scores[anchor, candidate] - negatives[anchor, 0])
        mean = (nats / own.sum(1)[anchor]).sum() / len(own)
        return mean + self.penalty * raw.square().mean()
