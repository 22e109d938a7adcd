"""Pipelines: one readable tuple of transforms for each view, run on a whole batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from methods.aspects.augmentation.colour import Normalise
from methods.aspects.augmentation.geometry import (
    Box,
    CentreCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    Resize,
)
from methods.aspects.augmentation.patches import Patches
from methods.aspects.augmentation.transform import NoParameters, Size, Transform
from methods.randomness import Draws

Steps = tuple[Transform[Any], ...]
Drawn = list[tuple[Transform[Any], tuple[Tensor, ...]]]

# Values worked on at once on a CPU, 2 MiB: less pays for calls, more leaves the cache (measured).
_CHUNK = 1 << 19


@dataclass(frozen=True)
class Pipeline:
    """The views of a method.

    View v draws from `draws.named("view<v>")`, and each transform from its own name in there, so
    two views differ, and a transform draws the same whatever stands before it. Every image is
    worked on alone: a view has the same bits in any batch, at any place.
    """

    views: Sequence[Steps]
    """The transforms of each view, in order."""
    shared: Steps = ()
    """Transforms that precede all views, drawn once for them all (AMDIM's flip)."""

    def __post_init__(self) -> None:
        """Freeze the views and check their order."""
        object.__setattr__(self, "views", tuple(tuple(view) for view in self.views))
        object.__setattr__(self, "shared", tuple(self.shared))
        if not self.views:
            raise ValueError("Pipeline: views must hold at least one view (got none)")
        for view in self.views:
            _check_order((*self.shared, *view))

    def __call__(self, images: Tensor, draws: Draws) -> list[Tensor]:
        """Return one batch for each view.

        Args:
            images: (B, 3, H, W) uint8.
            draws: Counters of B rows, such as (epoch, sample).

        Returns:
            A float32 tensor for each view: (B, 3, h, w), or (B, P, 3, p, p) if it ends in patches.

        Raises:
            ValueError: the images are not uint8 (B, 3, H, W).
        """
        _check_images(images)
        size = (images.shape[-2], images.shape[-1])
        shared = _draw(self.shared, draws.named("shared"), size)
        for step in self.shared:
            size = step.output_size(size)
        views = (_draw(view, draws.named(f"view{v}"), size) for v, view in enumerate(self.views))
        return [_run(images, _fused([*shared, *drawn])) for drawn in views]

    def describe(self) -> dict[str, object]:
        """Return every transform with its settings as plain data."""
        return {
            "shared": [step.describe() for step in self.shared],
            "views": [[step.describe() for step in view] for view in self.views],
        }


@dataclass(frozen=True)
class Evaluation:
    """The one view that evaluation sees: nothing is drawn."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize: int | None = None
    """Shorter side after resizing, pixels; None leaves the image as it is."""
    crop: int | None = None
    """Side of the central square, pixels; None keeps all."""
    patches: Patches | None = None

    def __post_init__(self) -> None:
        """Check every step."""
        _check_order(self.steps)

    @property
    def steps(self) -> Steps:
        """The transforms, in order."""
        resize = (Resize(self.resize),) if self.resize is not None else ()
        crop = (CentreCrop(self.crop),) if self.crop is not None else ()
        patches = (self.patches,) if self.patches is not None else ()
        return (*resize, *crop, Normalise(self.mean, self.std), *patches)

    def __call__(self, images: Tensor) -> Tensor:
        """Return the view of images (B, 3, H, W) uint8: (B, 3, h, w) or (B, P, 3, p, p) float32.

        Raises:
            ValueError: the images are not uint8 (B, 3, H, W).
        """
        _check_images(images)
        return _run(images, [(step, NoParameters()) for step in self.steps])

    def describe(self) -> list[dict[str, object]]:
        """Return every transform with its settings as plain data."""
        return [step.describe() for step in self.steps]


def _draw(steps: Steps, draws: Draws, size: Size) -> Drawn:
    """Draw the parameters of each step for the whole batch."""
    drawn: Drawn = []
    seen: Counter[str] = Counter()
    for step in steps:
        name = type(step).__name__
        # a transform that comes twice draws anew: "Solarise", then "Solarise1"
        place = draws.named(f"{name}{seen[name] or ''}")
        seen[name] += 1
        drawn.append((step, step.parameters(place, size)))
        size = step.output_size(size)
    return drawn


def _fused(drawn: Drawn) -> Drawn:
    """Fold a flip that follows a crop into the crop's columns."""
    fused = drawn[:1]
    for (before, _), (step, parameters) in pairwise(drawn):
        box = fused[-1][1]
        if (
            isinstance(before, RandomResizedCrop)
            and isinstance(step, RandomHorizontalFlip)
            and isinstance(box, Box)
        ):
            fused[-1] = (before, box._replace(mirrored=parameters[0]))
        else:
            fused.append((step, parameters))
    return fused


def _run(images: Tensor, drawn: Drawn) -> Tensor:
    """Apply the steps chunk by chunk, each on a float copy of its own."""
    parts = []
    for rows in _chunks(images):
        part = images[rows].to(torch.float32).div_(255.0)
        for step, parameters in drawn:
            part = step.apply(part, type(parameters)(*(values[rows] for values in parameters)))
        parts.append(part)
    return torch.cat(parts).contiguous()


def _chunks(images: Tensor) -> Iterator[slice]:
    batch = len(images)
    chunk = max(1, _CHUNK // images[0].numel()) if images.device.type == "cpu" else batch
    return (slice(start, start + chunk) for start in range(0, batch, chunk))


def _check_images(images: Tensor) -> None:
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3 or len(images) == 0:
        raise ValueError(
            f"images must be uint8 of shape (B, 3, H, W), B at least 1 "
            f"(got {images.dtype}, {tuple(images.shape)})"
        )


def _check_order(steps: Steps) -> None:
    for step in steps[:-1]:
        if isinstance(step, Patches):
            raise ValueError("Pipeline: Patches must be the last transform of a view")
