"""Frozen features, extracted once a cell for all probes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.tensors import sha256
from methods.aspects.encoder import represent
from methods.recipe import Recipe


@torch.inference_mode()
def extract(
    recipe: Recipe,
    encoder: nn.Module,
    images: Tensor,
    features: frozenset[str],
    *,
    batch: int = 128,
    device: torch.device,
) -> dict[str, Tensor]:
    """Return each feature of each image, float32 (N, D), with the encoder in evaluation mode.

    Args:
        recipe: Whose evaluation view the images go through.
        encoder: Left as it was found, training mode included.
        images: (N, 3, H, W) uint8.
        features: Names: `pooled`, `flat`.
        batch: Images at once.
        device: Where the encoder is.
    """
    was_training = encoder.training
    encoder.eval()
    parts: dict[str, list[Tensor]] = {name: [] for name in sorted(features)}
    for start in range(0, len(images), batch):
        found = represent(recipe, encoder, images[start : start + batch].to(device))
        for name, rows in parts.items():
            rows.append(found[name].float().cpu())
    encoder.train(was_training)
    return {name: torch.cat(rows) for name, rows in parts.items()}


@torch.no_grad()
def calibrate_batch_norm(
    recipe: Recipe, encoder: nn.Module, images: Tensor, *, batch: int = 128, device: torch.device
) -> None:
    """Set batch-norm statistics to the mean over one pass of train images, without labels.

    An untrained encoder has statistics of no data (mean 0, variance 1); the floor must not be low
    for that reason.
    """
    norms = [m for m in encoder.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches
    encoder.train()
    for start in range(0, len(images) - batch + 1, batch):
        represent(recipe, encoder, images[start : start + batch].to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def weights_sha256(module: nn.Module) -> str:
    """Hash every weight and buffer, by name in the order of the state dict."""
    return sha256(module.state_dict())
