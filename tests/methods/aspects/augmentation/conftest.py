"""Images with every kind of pixel, and draws for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from methods.randomness import Draws

MakeDraws = Callable[[int], Draws]


@pytest.fixture
def images() -> Tensor:
    """Return 24 noisy images of 32 x 32 in [0, 1], with gray, black, white and pure patches."""
    batch = torch.rand(24, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    batch[:, :, :4, :4] = batch[:, :1, :4, :4]
    batch[:, :, :2, 8:12] = 0.0
    batch[:, :, 2:4, 8:12] = 1.0
    batch[:, 0, 4:8, :4] = 1.0
    batch[:, 1:, 4:8, :4] = 0.0
    batch[:, 2, 8:12, :] = batch[:, 0, 8:12, :]
    return batch


@pytest.fixture
def bytes_(images: Tensor) -> Tensor:
    """Return the same images as uint8."""
    return (images * 255).round().to(torch.uint8)


@pytest.fixture
def draws() -> MakeDraws:
    """Return a function that makes the draws of samples 0..n-1 in epoch 3."""
    return lambda n: Draws(1, "views", (torch.full((n,), 3), torch.arange(n)))
