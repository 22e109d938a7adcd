"""An encoder that was trained elsewhere, as a recipe: nothing is trained, only evaluated.

It attracts and repels nobody here. Its card, `CHECKPOINT`, is none of `CARDS`: no matrix can name
a file.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from methods.aspects.augmentation.colour import Normalise
from methods.aspects.augmentation.geometry import RandomHorizontalFlip, RandomResizedCrop
from methods.aspects.augmentation.pipeline import Evaluation, Pipeline
from methods.aspects.loss.info_nce import InfoNCE
from methods.aspects.similarity import Dot
from methods.recipe import Recipe
from methods.settings import Setting

# Source: torchvision's reference transforms of its ImageNet weights
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Bordered(Evaluation):
    """An evaluation view with zeros around the normalised image.

    A stem that pads by 2 sees what one that pads by 1 sees of an image with a border of 1.
    """

    border: int = 0
    """Pixels on each side."""

    def __call__(self, images: Tensor) -> Tensor:
        """Return the view of images (B, 3, H, W) uint8: (B, 3, h, w) float32."""
        return functional.pad(super().__call__(images), (self.border,) * 4)

    def describe(self) -> list[dict[str, object]]:
        """Return every transform with its settings as plain data."""
        border: list[dict[str, object]] = (
            [{"name": "Border", "pixels": self.border}] if self.border else []
        )
        return [*super().describe(), *border]


def recipe(setting: Setting) -> Recipe:
    """Compose what evaluation needs: its view, and an augmented one for the looks at collapse."""
    size = setting.whole("resolution")
    mean, std = {
        "dataset": (setting.mean, setting.std),
        "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
        "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    }[setting.text("normalise")]
    crop = RandomResizedCrop(size, (0.2, 1.0), (3 / 4, 4 / 3))
    return Recipe(
        augmentation=Pipeline(views=[(crop, RandomHorizontalFlip(0.5), Normalise(mean, std))]),
        extraction=None,
        similarity=Dot(),
        loss=InfoNCE(),
        evaluation=Bordered(
            mean, std, setting.whole("resize"), size, border=setting.whole("border")
        ),
    )
