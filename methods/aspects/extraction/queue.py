"""A first-in, first-out bank of keys (MoCo)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class KeyQueue(nn.Module):
    """The last K keys, unit vectors; starts with random ones.

    Source: arXiv 1911.05722, section 3.2; facebookresearch/moco, moco/builder.py.
    """

    keys: Tensor
    """(K, D)"""
    position: Tensor
    """() int64, where the oldest key stands."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("keys", F.normalize(torch.randn(size, width), dim=1))
        self.register_buffer("position", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Replace the oldest N keys by these, (N, D).

        Raises:
            ValueError: If the queue's size is no multiple of N.
        """
        size, start = len(self.keys), int(self.position)
        if size % len(keys):
            raise ValueError(f"a queue of {size} keys is no multiple of the {len(keys)} pushed")
        self.keys[start : start + len(keys)] = F.normalize(keys.to(self.keys.dtype), dim=1)
        self.position.fill_((start + len(keys)) % size)
