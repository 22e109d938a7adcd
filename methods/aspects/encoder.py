"""Aspect 2, the encoder: how views enter it and how its batch norm treats them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from methods.aspects.augmentation.patches import as_map
from methods.recipe import FeatureMaps, Recipe


def encode(encoder: nn.Module, view: Tensor) -> FeatureMaps:
    """Encode one view into named feature maps.

    Args:
        encoder: Maps (B, 3, H, W) to feature maps.
        view: (B, 3, H, W) images, or (B, P, 3, p, p) patches, which are encoded one by one into
            a map of their own: `last` is then the (B, C, h, w) grid of the patches' pooled
            vectors, row by row, and `1` its mean.
    """
    if view.dim() == 4:
        maps: FeatureMaps = encoder(view)
        return maps
    batch, patches = view.shape[:2]
    side = round(patches**0.5)
    vectors = encoder(view.flatten(0, 1))["1"]
    grid = as_map(vectors.view(batch, patches, -1), (side, side))
    return {"1": grid.mean((2, 3)), "last": grid}


def encode_together(encoder: nn.Module, views: Sequence[Tensor]) -> FeatureMaps:
    """Encode all views as one batch of V*B, view after view: they share batch-norm statistics."""
    return encode(encoder, torch.cat(list(views)))


def flatten_places(feature_map: Tensor) -> tuple[Tensor, Tensor]:
    """Return each place of each image as a row, and the image it is of.

    Args:
        feature_map: (B, C, h, w), or (B, C) for one place an image.

    Returns:
        (B*h*w, C), place after place within an image, and (B*h*w,) int64.
    """
    if feature_map.dim() == 2:
        return feature_map, torch.arange(len(feature_map), device=feature_map.device)
    rows = feature_map.permute(0, 2, 3, 1).flatten(0, 2)
    images = torch.arange(len(feature_map), device=feature_map.device)
    return rows, images.repeat_interleave(feature_map.shape[2] * feature_map.shape[3])


class SplitBatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose statistics come from each of several equal parts of the batch.

    It imitates one batch norm per device on one device. The running statistics follow the mean
    of the parts' statistics. Source: facebookresearch/moco, colab notebook (8 parts).
    """

    splits: int = 1

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (B, C, H, W); in training, part by part.

        Raises:
            ValueError: If the batch does not divide into the parts.
        """
        if not self.training:
            return super().forward(input)
        if len(input) % self.splits:
            raise ValueError(
                f"a batch of {len(input)} does not divide into {self.splits} batch-norm splits"
            )
        if self.running_mean is None or self.running_var is None or self.momentum is None:
            raise ValueError("split batch norm needs running statistics with a momentum")
        outputs, means, variances = [], [], []
        for part in input.chunk(self.splits):
            # momentum 1 leaves exactly this part's statistics in the buffers given
            mean, variance = torch.zeros_like(self.running_mean), torch.ones_like(self.running_var)
            outputs.append(
                nn.functional.batch_norm(
                    part, mean, variance, self.weight, self.bias, True, 1.0, self.eps
                )
            )
            means.append(mean)
            variances.append(variance)
        self.running_mean.lerp_(torch.stack(means).mean(0), self.momentum)
        self.running_var.lerp_(torch.stack(variances).mean(0), self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return torch.cat(outputs)


def split_batch_norm(encoder: nn.Module, splits: int) -> int:
    """Give every 2-d batch norm of the encoder `splits` parts; return how many there are.

    Raises:
        ValueError: If one of them does more than normalise (timm's apply their activation too), so
            that it cannot be taken for a plain one.
    """
    found = [module for module in encoder.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in found:
        if type(module) not in (nn.BatchNorm2d, SplitBatchNorm2d):
            raise ValueError(
                f"cannot split the batch norm of {type(module).__name__} "
                "(allowed: BatchNorm2d; or choose splits=1)"
            )
    for module in found:
        module.__class__ = SplitBatchNorm2d  # keeps parameters, buffers and names in place
        module.splits = splits  # type: ignore[assignment]
    return len(found)


def represent(recipe: Recipe, encoder: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return the features of images by name, the only way that evaluation sees an image.

    Args:
        recipe: Whose evaluation view, whole or in patches, the images go through.
        encoder: In the mode that the caller has set.
        images: (B, 3, H, W) uint8.

    Returns:
        `pooled`, (B, D): the slot `1`, the mean over patches where the view is cut; and `flat`,
        (B, C*h*w): the map `last` with its places side by side.
    """
    maps = encode(encoder, recipe.evaluation(images))
    features = {"pooled": maps["1"]}
    if "last" in maps:
        features["flat"] = maps["last"].flatten(1)
    return features
