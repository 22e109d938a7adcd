"""Every comparison as two dense masks: the plain form that the fast losses are tested against."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.recipe import Comparison, Grouped, Indexed, PairedBank


def dense(comparison: Comparison) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return anchors (N, D), candidates (M, D), and who attracts and who repels, (N, M) bool."""
    c = comparison
    n = len(c.anchors)
    own = torch.eye(n, dtype=torch.bool, device=c.anchors.device)
    if isinstance(c, Grouped):
        positive = c.anchor_image[:, None] == c.candidate_image[None]
        return c.anchors, c.candidates, positive, ~positive
    if isinstance(c, Indexed):
        columns = torch.arange(len(c.candidates), device=c.anchors.device)
        positive = columns == c.target[:, None]
        negative = ~positive
        if c.exclude is not None:
            negative &= columns != c.exclude[:, None]
        return c.anchors, c.candidates, positive, negative
    if isinstance(c, PairedBank):
        bank = own.new_zeros(n, len(c.bank))
        candidates = torch.cat([c.positives, c.bank])
        return c.anchors, candidates, torch.cat([own, bank], 1), torch.cat([own & ~own, ~bank], 1)
    return c.anchors, c.positives, own, torch.zeros_like(own)
