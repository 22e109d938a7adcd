"""Heads between an encoder's features and the vectors that are compared."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def two_layer(width: int, hidden: int, out: int) -> nn.Sequential:
    """BYOL's projector and predictor: linear with bias, batch norm, ReLU, linear without.

    Source: arXiv 2006.07733, section 3.3: 4096 hidden, 256 out, no output norm.
    """
    return nn.Sequential(
        nn.Linear(width, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, out, bias=False),
    )


def normalised_head(width: int, hidden: int, out: int, layers: int) -> nn.Sequential:
    """SimCLR's head: every linear is followed by batch norm, the last one's without a shift.

    Source: arXiv 2002.05709, section 2.1 (two layers); google-research/simclr, model_util.py (the
    norms; three layers by default): a shift would move the embeddings off their centre at zero.
    """
    modules: list[nn.Module] = []
    for inputs in (width, hidden, hidden)[: layers - 1]:
        modules += [nn.Linear(inputs, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(True)]
    last = nn.BatchNorm1d(out)
    last.bias.requires_grad_(False)
    return nn.Sequential(*modules, nn.Linear(hidden, out, bias=False), last)


def plain_two_layer(width: int, hidden: int, out: int) -> nn.Sequential:
    """MoCo v2's head: linear, ReLU, linear, no norm. Source: arXiv 2003.04297, section 2."""
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out))


class ResidualHead(nn.Module):
    """AMDIM's 1x1 head: a zero-initialised two-layer branch on a near-identity shortcut.

    Brings maps of any width to one width, so that maps of different scales can be compared.
    Source: Philip-Bachman/amdim-public, model.py (FakeRKHSConvNet), commit 8754ae149.
    """

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, out, 1, bias=False)
        self.second = nn.Conv2d(out, out, 1, bias=False)
        self.shortcut = nn.Conv2d(width, out, 1)
        self.norm = nn.BatchNorm2d(out)
        nn.init.zeros_(self.second.weight)
        nn.init.uniform_(self.shortcut.weight, -0.01, 0.01)
        with torch.no_grad():
            shared = range(min(width, out))
            self.shortcut.weight[shared, shared] = 1.0

    def forward(self, feature_map: Tensor) -> Tensor:
        """Map (B, C, h, w), or (B, C), to the same with C = out."""
        x = feature_map if feature_map.dim() == 4 else feature_map[:, :, None, None]
        y: Tensor = self.norm(self.second(self.first(x).relu()) + self.shortcut(x))
        return y if feature_map.dim() == 4 else y[:, :, 0, 0]
