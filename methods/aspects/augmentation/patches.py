"""Overlapping patches of a view, and back: CPC's and YADIM's grid.

Source: bolts@may20 (f835dcde2), the grids are 7 x 7: patches of 8 pixels every 4 of 32 (CIFAR-10),
16 every 8 of 64 (STL-10), 32 every 16 of 128 (ImageNet).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from methods.aspects.augmentation.transform import NoParameters, Size, Transform, check_positive
from methods.randomness import Draws


@dataclass(frozen=True)
class Patches(Transform[NoParameters]):
    """Cut each image into a grid of overlapping squares, row by row. The last step of a view."""

    size: int
    """Side of a patch, pixels."""
    stride: int
    """Distance between neighbours, pixels."""

    def __post_init__(self) -> None:
        """Check size and stride."""
        check_positive("Patches", "size", self.size)
        check_positive("Patches", "stride", self.stride)

    def grid(self, size: Size, /) -> Size:
        """Return rows and columns of the grid over an image of this height and width.

        Raises:
            ValueError: the grid leaves a border of the image uncovered, or there is no grid.
        """
        if min(size) < self.size or any((side - self.size) % self.stride for side in size):
            raise ValueError(
                f"Patches: {self.size} pixels every {self.stride} do not cover an image of "
                f"{size[0]} x {size[1]} (its sides must be {self.size} plus a multiple "
                f"of {self.stride})"
            )
        return (size[0] - self.size) // self.stride + 1, (size[1] - self.size) // self.stride + 1

    def parameters(self, _draws: Draws, _size: Size, /) -> NoParameters:
        """Draw nothing."""
        return NoParameters()

    def apply(self, images: Tensor, _parameters: NoParameters, /) -> Tensor:
        """Return (B, P, 3, size, size) of images (B, 3, H, W)."""
        self.grid((images.shape[-2], images.shape[-1]))
        grid = images.unfold(2, self.size, self.stride).unfold(3, self.size, self.stride)
        return grid.permute(0, 2, 3, 1, 4, 5).flatten(1, 2)

    def output_size(self, _size: Size, /) -> Size:
        """Return the size of one patch."""
        return self.size, self.size

    def reassemble(self, patches: Tensor, size: Size) -> Tensor:
        """Return the images (B, 3, H, W) that patches (B, P, 3, size, size) were cut from.

        Where patches overlap their mean is taken.
        """
        columns = patches.flatten(2).transpose(1, 2)
        total = functional.fold(columns, size, self.size, stride=self.stride)
        counts = functional.fold(
            columns.new_ones(columns.shape), size, self.size, stride=self.stride
        )
        return total / counts


def as_map(vectors: Tensor, grid: Size) -> Tensor:
    """Lay one vector for each patch, (B, P, D), out as a feature map (B, D, rows, columns).

    Raises:
        ValueError: P is not rows x columns.
    """
    if vectors.shape[1] != grid[0] * grid[1]:
        raise ValueError(
            f"a grid of {grid[0]} x {grid[1]} needs {grid[0] * grid[1]} patches "
            f"(got {vectors.shape[1]})"
        )
    return vectors.transpose(1, 2).reshape(vectors.shape[0], -1, *grid)
