"""MoCo v2: Improved Baselines with Momentum Contrastive Learning, arXiv 2003.04297.

Each query attracts its own image's key and repels the keys of earlier batches, kept in a queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from methods.aspects.augmentation.colour import Normalise, RandomGrayscale
from methods.aspects.augmentation.filters import GaussianBlur
from methods.aspects.augmentation.geometry import RandomHorizontalFlip, RandomResizedCrop
from methods.aspects.augmentation.pipeline import Pipeline
from methods.aspects.augmentation.presets import evaluation, jitter, pair
from methods.aspects.encoder import encode
from methods.aspects.extraction.heads import plain_two_layer
from methods.aspects.extraction.momentum import follow, slow_copy
from methods.aspects.extraction.queue import KeyQueue
from methods.aspects.loss.info_nce import InfoNCE
from methods.aspects.similarity import Cosine
from methods.recipe import Context, Extraction, PairedBank, Recipe
from methods.settings import Setting


class QueuedKeys(Extraction):
    """Queries against slow keys and a queue (arXiv 1911.05722, algorithm 1).

    `both` makes each view query and key once and adds the two losses: about twice the compute a
    step, so it is a variant of its own and never compared as if it were the paper's.
    """

    def __init__(
        self, encoder: Any, *, hidden: int, out: int, queue: int, momentum: float, both: bool
    ) -> None:
        super().__init__()
        self.momentum, self.both = momentum, both
        self.head = plain_two_layer(encoder.widths["1"], hidden, out)
        self.slow_encoder = slow_copy(encoder)
        self.slow_head = slow_copy(self.head)
        self.queue = KeyQueue(queue, out)
        self.fresh: list[Tensor] = []

    def before_step(self, encoder: nn.Module, context: Context) -> None:
        """Move the key network before it encodes this step's keys."""
        self.fresh.clear()
        follow(self.slow_encoder, encoder, self.momentum)
        follow(self.slow_head, self.head, self.momentum)

    def compare(
        self, encoder: nn.Module, views: Sequence[Tensor], context: Context
    ) -> list[PairedBank]:
        """Return one comparison, or one for each direction."""
        directions = [(views[0], views[1], "0"), (views[1], views[0], "1")][: 1 + self.both]
        bank = self.queue.keys.clone()  # of earlier batches only: this one's come in afterwards
        queries = [self.head(encode(encoder, q)["1"]) for q, _, _ in directions]
        keys = [self._keys(k, context, name) for _, k, name in directions]
        self.fresh += keys
        return [PairedBank(q, k, bank) for q, k in zip(queries, keys, strict=True)]

    def after_step(self, encoder: nn.Module, context: Context) -> None:
        """Queue this step's keys, after its loss and the optimiser."""
        self.queue.push(torch.cat(self.fresh))
        self.fresh.clear()

    @torch.no_grad()
    def _keys(self, view: Tensor, context: Context, direction: str) -> Tensor:
        """Encode keys in shuffled order, so that no batch-norm split holds a query's partners."""
        draws = context.draws.named(f"shuffle {direction}")
        order = torch.argsort(draws.bits(len(view)), stable=True).to(view.device)
        keys = F.normalize(self.slow_head(encode(self.slow_encoder, view[order])["1"]), dim=1)
        return keys[torch.argsort(order)]


def recipe(setting: Setting) -> Recipe:
    """Compose MoCo v2's five aspects (section 2; the colab notebook for small images)."""
    blur, size = setting.number("blur"), setting.whole("resolution")
    view = (
        RandomResizedCrop(size, pair(setting, "scale"), pair(setting, "ratio")),
        jitter(setting),
        RandomGrayscale(0.2),
        *((GaussianBlur(size // 10 | 1, (0.1, 2.0), p=blur),) if blur else ()),
        RandomHorizontalFlip(0.5),
        Normalise(setting.mean, setting.std),
    )
    return Recipe(
        augmentation=Pipeline(views=[view, view]),
        extraction=partial(
            QueuedKeys,
            hidden=setting.whole("hidden"),
            out=setting.whole("out"),
            queue=setting.whole("queue"),
            momentum=setting.number("momentum"),
            both=setting.text("direction") == "both",
        ),
        similarity=Cosine(setting.number("temperature")),
        loss=InfoNCE(),
        evaluation=evaluation(setting),
        batch_norm_splits=setting.whole("splits"),
    )
