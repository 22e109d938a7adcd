"""The contract of one transform: parameters are drawn apart from being applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, is_dataclass
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from methods.randomness import Draws

Size = tuple[int, int]
"""Height and width, in pixels."""

P = TypeVar("P", bound=tuple[Tensor, ...])


class NoParameters(NamedTuple):
    """What a transform draws that draws nothing."""


class Transform(ABC, Generic[P]):
    """One step of a view: a frozen dataclass; `P` is a named tuple of (B, ...) tensors.

    A row of the parameters, and a row of the output, depends on that row's image and counters
    alone: neither the batch around it nor its place in the batch changes a bit.
    """

    @abstractmethod
    def parameters(self, draws: Draws, size: Size, /) -> P:
        """Draw the parameters of every image of a batch of one size, B rows each."""

    @abstractmethod
    def apply(self, images: Tensor, parameters: P, /) -> Tensor:
        """Transform images (B, 3, H, W) in [0, 1], float32. May overwrite them."""

    def output_size(self, size: Size, /) -> Size:
        """Return the size of the output for images of this size."""
        return size

    def describe(self) -> dict[str, object]:
        """Return the name and every setting as plain data."""
        assert is_dataclass(self)
        settings = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return {"name": type(self).__name__, **settings}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def happens(draws: Draws, p: float) -> Tensor:
    """Decide for each row, with probability p: (B,) bool."""
    return draws.named("happens").uniform(1).squeeze(-1) < p


def between(draws: Draws, low: float, high: float) -> Tensor:
    """Draw one number of [low, high) for each row: (B,) float32."""
    return low + (high - low) * draws.uniform(1).squeeze(-1)


def rows_where(mask: Tensor) -> Tensor:
    """Return the indices of the rows where a mask (B,) holds."""
    return torch.nonzero(mask).squeeze(-1)


def per_image(values: Tensor) -> Tensor:
    """Shape one number for each image, (B,), to broadcast over (B, 3, H, W)."""
    return values.view(-1, 1, 1, 1)


def check_probability(owner: str, p: float) -> None:
    """Refuse a p outside [0, 1].

    Raises:
        ValueError: p is no probability.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{owner}: p must be in [0, 1] (got {p!r})")


def check_positive(owner: str, name: str, value: int) -> None:
    """Refuse a size in pixels below 1.

    Raises:
        ValueError: the value is not positive.
    """
    if value < 1:
        raise ValueError(f"{owner}: {name} must be at least 1 pixel (got {value!r})")


def check_range(owner: str, name: str, bounds: tuple[float, float]) -> None:
    """Refuse a range that is not 0 < low <= high.

    Raises:
        ValueError: the range is empty, reversed, or reaches zero.
    """
    low, high = bounds
    if not 0.0 < low <= high:
        raise ValueError(
            f"{owner}: {name} must be (low, high) with 0 < low <= high (got {bounds!r})"
        )
