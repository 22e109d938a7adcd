"""InfoNCE: pick the one positive out of all candidates (CPC, SimCLR, MoCo)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from methods.recipe import Comparison, Indexed, PairedBank, Similarity


@dataclass(frozen=True)
class InfoNCE:
    """Softmax cross-entropy of the positive among all candidates.

    Source: arXiv 1807.03748, equation 4; with SimCLR's comparisons it is NT-Xent (arXiv
    2002.05709, equation 1), with MoCo's arXiv 1911.05722, equation 1.
    """

    def __call__(self, comparison: Comparison, similarity: Similarity) -> Tensor:
        """Return the mean over the anchors in nats, a scalar.

        Raises:
            ValueError: If an anchor has no negative: its loss and gradient would be 0.
        """
        if isinstance(comparison, PairedBank):
            return _bank(comparison, similarity)
        if isinstance(comparison, Indexed):
            return _indexed(comparison, similarity)
        kind = type(comparison).__name__
        raise ValueError(f"InfoNCE compares PairedBank or Indexed vectors only (got {kind})")


def _bank(c: PairedBank, similarity: Similarity) -> Tensor:
    if not len(c.bank):
        raise ValueError("InfoNCE needs a negative for each anchor (got an empty bank)")
    positive = similarity.pairs(c.anchors, c.positives)[:, None]
    logits = torch.cat([positive, similarity.matrix(c.anchors, c.bank)], dim=1)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def _indexed(c: Indexed, similarity: Similarity) -> Tensor:
    if len(c.candidates) < (2 if c.exclude is None else 3):
        raise ValueError("InfoNCE needs a negative for each anchor (got a batch of 1 image)")
    logits = similarity.matrix(c.anchors, c.candidates)
    if c.exclude is not None:
        # Masked, not subtracted (lightning-bolts, issue 695): taken off the sum, the self-term
        # still has a gradient, and in float32 at small temperatures it swallows the negatives.
        logits = logits.scatter(1, c.exclude[:, None], float("-inf"))
    return F.cross_entropy(logits, c.target)
