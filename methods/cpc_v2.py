"""CPC v2: Data-Efficient Image Recognition with Contrastive Predictive Coding, arXiv 1905.09272.

A context of the patches above predicts the patches below; each prediction attracts its own patch
and repels every other patch of the batch, those of its own image included.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from methods.aspects.augmentation.geometry import RandomHorizontalFlip
from methods.aspects.augmentation.pipeline import Pipeline
from methods.aspects.augmentation.presets import evaluation, local_view
from methods.aspects.encoder import encode, flatten_places
from methods.aspects.loss.info_nce import InfoNCE
from methods.aspects.similarity import Dot
from methods.recipe import Context, Extraction, Indexed, Recipe
from methods.settings import Setting

FIRST_OFFSET = 2  # neighbouring rows of patches overlap by half: predicting them is partly trivial


class MaskedContext(nn.Module):
    """Five residual blocks whose row r sees rows up to r ("PixelCNN").

    The row above the first is zeros; lightning-bolts pads with ones and widens the row after its
    1x3 convolution. Source: arXiv 1905.09272, appendix; lightning-bolts, commit f835dcde2.
    """

    def __init__(self, width: int, hidden: int = 256, blocks: int = 5) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, hidden, 1),
                nn.ReLU(),
                nn.Conv2d(hidden, hidden, (1, 3), padding=(0, 1)),
                nn.ZeroPad2d((0, 0, 1, 0)),
                nn.Conv2d(hidden, hidden, (2, 1)),
                nn.ReLU(),
                nn.Conv2d(hidden, width, 1),
            )
            for _ in range(blocks)
        )

    def forward(self, grid: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        for block in self.blocks:
            grid = grid + block(grid)
        return grid.relu()


class PredictedRows(Extraction):
    """Predictions of the rows below, an offset each, in one or four directions.

    An offset of k rows weighs k - 1: the authors' code of arXiv 2009.00104 sums its cross-entropies
    so (lightning-bolts, commit f835dcde2; offsets 2 to 6 of 7 rows, 15 terms in all).
    """

    def __init__(
        self,
        encoder: Any,
        *,
        target_width: int,
        context_width: int,
        rows: int,
        separate: bool,
        directions: int,
    ) -> None:
        super().__init__()
        width = encoder.widths["1"]
        self.offsets = range(FIRST_OFFSET, rows)
        self.contexts = nn.ModuleList(
            MaskedContext(width, context_width) for _ in range(directions)
        )
        self.target_head = nn.Conv2d(width, target_width, 1)
        self.prediction_heads = nn.ModuleList(
            nn.Conv2d(width, target_width, 1) for _ in (self.offsets if separate else (0,))
        )

    def compare(
        self, encoder: nn.Module, views: Sequence[Tensor], context: Context
    ) -> list[Indexed]:
        """Return one comparison per direction and offset."""
        grid = encode(encoder, views[0])["last"]  # (B, C, h, w)
        targets = self.target_head(grid)
        return [
            comparison
            for turns, module in enumerate(self.contexts)
            for comparison in self._downwards(
                module(grid.rot90(turns, (2, 3))), targets.rot90(turns, (2, 3))
            )
        ]

    def _downwards(self, context_map: Tensor, targets: Tensor) -> list[Indexed]:
        """Predict each offset below, the candidates being every patch of the batch."""
        candidates, _ = flatten_places(targets)
        places = torch.arange(len(candidates), device=candidates.device)
        places = places.view(len(targets), *targets.shape[2:])
        comparisons = []
        for index, offset in enumerate(self.offsets):
            head = self.prediction_heads[index % len(self.prediction_heads)]
            anchors, _ = flatten_places(head(context_map[:, :, :-offset]))
            target = places[:, offset:].flatten()
            comparisons.append(Indexed(anchors, candidates, target, weight=float(offset - 1)))
        return comparisons


def recipe(setting: Setting) -> Recipe:
    """Compose CPC v2's five aspects: one view, cut into overlapping patches."""
    size, patch, stride = (setting.whole(n) for n in ("resolution", "patch", "stride"))
    return Recipe(
        augmentation=Pipeline(
            shared=(RandomHorizontalFlip(0.5),), views=[local_view(setting, patches=True)]
        ),
        extraction=partial(
            PredictedRows,
            target_width=setting.whole("target_width"),
            context_width=setting.whole("context_width"),
            rows=(size - patch) // stride + 1,
            separate=setting.text("heads") == "separate",
            directions=setting.whole("directions"),
        ),
        similarity=Dot(0.1),  # the authors' scale of the predictions ("emb_scale")
        loss=InfoNCE(),
        evaluation=evaluation(setting, patches=True),
    )
