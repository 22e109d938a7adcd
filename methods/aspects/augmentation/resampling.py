"""Resampling as small matrices: R X C^T, one R and one C for every image of a batch.

R (out height, height) mixes rows, C (out width, width) mixes columns. Crops, translations and blurs
are all of this form, so a batched product serves every image whatever its own parameters.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def cubic_matrix(
    start: Tensor, length: Tensor, size_in: int, size_out: int, mirrored: Tensor | None = None
) -> Tensor:
    """Return the weights that resample `length` pixels from `start` to `size_out`, bicubic.

    Args:
        start: First pixel of each image's segment, (B,) int64.
        length: Pixels of the segment, (B,) int64, 1 to size_in - start.
        size_in: Pixels of the whole axis.
        size_out: Pixels wanted.
        mirrored: Whether the output runs backwards, (B,) bool.

    Returns:
        (B, size_out, size_in) float32; each row sums to 1 and is 0 outside the segment.

    Source: Keys, "Cubic convolution interpolation", 1981, a = -1/2; the kernel is stretched when it
    shrinks the image, as Pillow and torch's `antialias=True` do.
    """
    start, length = start.view(-1, 1, 1), length.view(-1, 1, 1)
    place = torch.arange(size_out, device=start.device).view(1, -1, 1)
    if mirrored is not None:
        place = torch.where(mirrored.view(-1, 1, 1), size_out - 1 - place, place)
    step = length / size_out
    stretch = step.clamp(min=1.0)
    centre = (place + 0.5) * step
    taps = min(size_in, math.ceil(4 * max(1.0, size_in / size_out)))
    # the window stays inside the image, so no two taps meet in one pixel
    first = (torch.floor(centre - 2 * stretch + 0.5).long() + start).clamp(0, size_in - taps)
    pixel = first + torch.arange(taps, device=start.device)
    inside = (pixel >= start) & (pixel < start + length)
    weights = _keys((pixel - start + 0.5 - centre) / stretch) * inside
    weights /= weights.sum(-1, keepdim=True)
    return weights.new_zeros(len(start), size_out, size_in).scatter_(-1, pixel, weights)


def resample(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return rows @ image @ columns^T for each image and channel.

    Args:
        images: (B, C, H, W).
        rows: (B, out height, H).
        columns: (B, out width, W).
    """
    batch, channels, height, width = images.shape
    # pixels are data, not activations: mixed precision around this call must not round them
    with torch.autocast(images.device.type, enabled=False):
        flat = images.reshape(batch, channels * height, width)
        narrow = torch.bmm(flat, columns.transpose(1, 2)).view(
            batch, channels, height, columns.shape[1]
        )
        return torch.matmul(rows.unsqueeze(1), narrow)


def reflected(places: Tensor, size: int) -> Tensor:
    """Fold places up to size - 1 beyond either end back inside; the border is not repeated."""
    last = size - 1
    return last - (last - places.abs()).abs()


def shift_matrix(offset: Tensor, size: int) -> Tensor:
    """Return 0/1 weights (B, size, size) that move by `offset` (B,), reflecting at the borders."""
    place = torch.arange(size, device=offset.device) - offset.unsqueeze(-1)
    source = reflected(place, size).unsqueeze(-1)
    ones = torch.ones(source.shape, device=offset.device)
    return ones.new_zeros(len(offset), size, size).scatter_(-1, source, ones)


def blur_matrix(sigma: Tensor, kernel: int, size: int) -> Tensor:
    """Return the weights (B, size, size) of a Gaussian along one axis, borders reflected."""
    reach = torch.arange(kernel, device=sigma.device) - kernel // 2
    # exp in float64, rounded once: its last bit may differ between vector and remainder code
    weights = torch.exp(-0.5 * (reach / sigma.to(torch.float64).unsqueeze(-1)).square())
    weights = (weights / weights.sum(-1, keepdim=True)).to(torch.float32)
    place = torch.arange(size, device=sigma.device).unsqueeze(-1) + reach
    source = reflected(place, size).expand(len(sigma), -1, -1)
    matrix = weights.new_zeros(len(sigma), size, size)
    return matrix.scatter_add_(-1, source, weights.unsqueeze(1).expand(-1, size, -1))


def _keys(x: Tensor) -> Tensor:
    """Evaluate Keys' kernel with a = -1/2 without branches.

    On [1, 2] it is -(t - 1)(t - 2)^2 / 2, and on [0, 1] that plus (t - 1)^2 (2t - 1), t = |x|.
    """
    far = x.abs().clamp_(max=2.0)
    near = far.clamp(max=1.0)
    return (near - 1).square_().mul_(2 * near - 1) - (far - 1).mul_((far - 2).square_()).mul_(0.5)
