"""SimCLR, BYOL and MoCo v2 as lightly documents them, of lightly's own parts.

Heads, losses, memory bank, momentum updates, schedule, batch shuffling and transforms are lightly's
(1.6.0); the encoder and the values (widths, temperature, momentum, queue) are the cell's, so that
what is compared is the code. Source: docs.lightly.ai, examples `simclr`, `byol` and `moco`, and
tutorial 2 (MoCo on CIFAR-10), whose batch shuffling the example leaves out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol

import torch
from lightly.loss import NegativeCosineSimilarity, NTXentLoss
from lightly.models.modules.heads import (
    BYOLPredictionHead,
    BYOLProjectionHead,
    MoCoProjectionHead,
    SimCLRProjectionHead,
)
from lightly.models.utils import (
    batch_shuffle,
    batch_unshuffle,
    deactivate_requires_grad,
    update_momentum,
)
from lightly.transforms.byol_transform import BYOLTransform, BYOLView1Transform, BYOLView2Transform
from lightly.transforms.moco_transform import MoCoV2Transform
from lightly.transforms.simclr_transform import SimCLRTransform
from lightly.utils.scheduler import cosine_schedule
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from benchmark.matrix.cell import Cell
from benchmark.training import schedules
from methods.settings import Setting

Heads = dict[str, nn.Module]
METHODS = ("simclr", "byol", "moco_v2")


class Loop(Protocol):
    """What differs between the methods."""

    heads: Heads

    def before_step(self, step: int, steps: int) -> None:
        """Move the momentum networks, where there are any."""

    def loss(self, x0: Tensor, x1: Tensor) -> Tensor:
        """Return the loss of two batches of views, a scalar."""


class SimCLR:
    """The example `simclr`: each view is encoded by itself, unless both are to go together."""

    def __init__(self, encoder: nn.Module, heads: Heads, setting: Setting, *, together: bool):
        self.encoder, self.heads, self.together = encoder, heads, together
        self.criterion = NTXentLoss(temperature=setting.number("temperature"))

    def before_step(self, step: int, steps: int) -> None:
        """Do nothing: there is one network."""

    def loss(self, x0: Tensor, x1: Tensor) -> Tensor:
        """Return NT-Xent."""
        if self.together:
            z0, z1 = self._project(torch.cat([x0, x1])).chunk(2)
        else:
            z0, z1 = self._project(x0), self._project(x1)
        loss: Tensor = self.criterion(z0, z1)
        return loss

    def _project(self, x: Tensor) -> Tensor:
        z: Tensor = self.heads["head"](self.encoder(x)["1"])
        return z


class BYOL:
    """The example `byol`, its momentum scheduled by step, not by epoch, over one step more.

    Lightly moves the slow network before the forward pass, we after the optimiser: the same, since
    both start as copies, if lightly's step k takes the momentum that belongs to step k - 1.
    """

    def __init__(self, encoder: nn.Module, heads: Heads, setting: Setting):
        self.encoder, self.heads, self.tau = encoder, heads, setting.number("tau")
        self.slow_encoder = copy.deepcopy(encoder)
        self.slow_projector = copy.deepcopy(heads["projector"])
        for slow in (self.slow_encoder, self.slow_projector):
            deactivate_requires_grad(slow)
        self.criterion = NegativeCosineSimilarity()
        self.weight = 0.5
        """Of each direction."""

    def before_step(self, step: int, steps: int) -> None:
        """Let the slow network follow."""
        momentum = cosine_schedule(max(0, step - 1), steps + 1, self.tau, 1)
        update_momentum(self.encoder, self.slow_encoder, m=momentum)
        update_momentum(self.heads["projector"], self.slow_projector, m=momentum)

    def loss(self, x0: Tensor, x1: Tensor) -> Tensor:
        """Return the weighted sum of both directions' negative cosines."""
        p0, z0 = self._predict(x0), self._slow(x0)
        p1, z1 = self._predict(x1), self._slow(x1)
        loss: Tensor = self.weight * (self.criterion(p0, z1) + self.criterion(p1, z0))
        return loss

    def _predict(self, x: Tensor) -> Tensor:
        p: Tensor = self.heads["predictor"](self.heads["projector"](self.encoder(x)["1"]))
        return p

    @torch.no_grad()
    def _slow(self, x: Tensor) -> Tensor:
        z: Tensor = self.slow_projector(self.slow_encoder(x)["1"])
        return z.detach()


class MoCo:
    """The example `moco` with the tutorial's shuffling: asymmetric, one view is query, one key."""

    def __init__(self, encoder: nn.Module, heads: Heads, setting: Setting):
        self.encoder, self.heads, self.momentum = encoder, heads, setting.number("momentum")
        self.slow_encoder = copy.deepcopy(encoder)
        self.slow_head = copy.deepcopy(heads["head"])
        for slow in (self.slow_encoder, self.slow_head):
            deactivate_requires_grad(slow)
        size = setting.whole("queue"), setting.whole("out")
        self.criterion = NTXentLoss(setting.number("temperature"), memory_bank_size=size)
        self.shuffle: Callable[[Tensor], tuple[Tensor, Tensor]] = batch_shuffle

    def before_step(self, step: int, steps: int) -> None:
        """Let the key network follow."""
        update_momentum(self.encoder, self.slow_encoder, m=self.momentum)
        update_momentum(self.heads["head"], self.slow_head, m=self.momentum)

    def loss(self, x0: Tensor, x1: Tensor) -> Tensor:
        """Return the cross-entropy against the memory bank, which then takes the keys."""
        query = self.heads["head"](self.encoder(x0)["1"])
        loss: Tensor = self.criterion(query, self._keys(x1))
        return loss

    @torch.no_grad()
    def _keys(self, x: Tensor) -> Tensor:
        shuffled, order = self.shuffle(x)
        keys: Tensor = batch_unshuffle(self.slow_head(self.slow_encoder(shuffled)["1"]), order)
        return keys.detach()


def heads(setting: Setting, width: int) -> Heads:
    """Build lightly's own heads of a method with the cell's widths."""
    hidden, out = setting.whole("hidden"), setting.whole("out")
    if setting.card.name == "simclr":
        return {"head": SimCLRProjectionHead(width, hidden, out)}
    if setting.card.name == "moco_v2":
        return {"head": MoCoProjectionHead(width, hidden, out)}
    return {
        "projector": BYOLProjectionHead(width, hidden, out),
        "predictor": BYOLPredictionHead(out, hidden, out),
    }


def loop(encoder: nn.Module, its: Heads, setting: Setting, *, together: bool = False) -> Loop:
    """Build a method's loop around an encoder and heads.

    Args:
        encoder: Trained in place.
        its: The heads, of lightly's classes.
        setting: The cell's values.
        together: Of SimCLR: encode both views as one batch, as we do.
    """
    if setting.card.name == "simclr":
        return SimCLR(encoder, its, setting, together=together)
    if setting.card.name == "byol":
        return BYOL(encoder, its, setting)
    return MoCo(encoder, its, setting)


def transform(setting: Setting) -> Any:
    """Build lightly's transform of a method with the values of our recipe.

    Lightly's crop is bilinear, ours bicubic; lightly works on uint8 Pillow images.
    """
    brightness, contrast, saturation, hue = setting.numbers("jitter")
    normalise = setting.values.get("normalise", True)
    shared = dict(
        input_size=setting.whole("resolution"), cj_strength=1.0, cj_bright=brightness,
        cj_contrast=contrast, cj_sat=saturation, cj_hue=hue, min_scale=setting.numbers("scale")[0],
        normalize={"mean": list(setting.mean), "std": list(setting.std)} if normalise else None,
    )  # fmt: skip
    if setting.card.name == "byol":
        blur, solarise = setting.numbers("blur"), setting.numbers("solarise")
        return BYOLTransform(
            BYOLView1Transform(**shared, gaussian_blur=blur[0], solarization_prob=solarise[0]),
            BYOLView2Transform(**shared, gaussian_blur=blur[1], solarization_prob=solarise[1]),
        )
    made = {"simclr": SimCLRTransform, "moco_v2": MoCoV2Transform}[setting.card.name]
    return made(**shared, gaussian_blur=setting.number("blur"))


class Pictures(Dataset[Any]):
    """Pillow images through a transform, as a user's dataset gives them."""

    def __init__(self, images: Tensor, transform: Any) -> None:
        """Keep uint8 images (N, 3, H, W)."""
        self.images, self.transform = images, transform

    def __len__(self) -> int:
        """Count the images."""
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        """Return the views of one image."""
        return self.transform(Image.fromarray(self.images[index].permute(1, 2, 0).numpy()))


def loader(images: Tensor, setting: Setting, batch: int, *, seed: int = 0) -> DataLoader[Any]:
    """Return a loader with two workers that stay."""
    return DataLoader(
        Pictures(images, transform(setting)), batch_size=batch, shuffle=True, drop_last=True,
        num_workers=2, persistent_workers=True, generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip


def optimizer(cell: Cell, encoder: nn.Module, its: Heads) -> torch.optim.Optimizer:
    """Return SGD or AdamW over encoder and heads as a user writes it, with the cell's values."""
    modules = nn.ModuleList([encoder, *its.values()])
    trained = [p for p in modules.parameters() if p.requires_grad]
    spec = cell.recipe
    rate, decay = spec.learning_rate, spec.weight_decay
    if spec.optimizer == "sgd":
        return torch.optim.SGD(trained, rate, momentum=spec.momentum, weight_decay=decay)
    return torch.optim.AdamW(trained, rate, betas=spec.betas, eps=spec.eps, weight_decay=decay)


def set_rate(optimizer: torch.optim.Optimizer, cell: Cell, step: int, steps: int) -> None:
    """Set the learning rate of a step by the cell's schedule."""
    spec = cell.recipe
    warmup = min(spec.warmup_steps, steps // 10)
    factor = schedules.factor(spec.schedule, step, steps, warmup=warmup)
    for group in optimizer.param_groups:
        group["lr"] = spec.learning_rate * factor


def train_step(
    its: Loop, optimizer: torch.optim.Optimizer, views: tuple[Tensor, Tensor], step: int, steps: int
) -> float:
    """Make one step of the documented loop; return the loss."""
    its.before_step(step, steps)
    loss = its.loss(*views)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())
