"""A fixed kernel that is timed beside a training: the yardstick of a cell's speed.

Images a second say as much of the machine, and of who else is at work on it, as of the code. The
ratio to this kernel's time, taken in the same minutes by the same threads, leaves those out.
"""

from __future__ import annotations

import time
from functools import cache

import torch
from torch import Tensor, nn

SHAPE = (16, 64, 16, 16)
"""Images that a convolution of 64 filters of 3x3 goes over: 0.3 GFLOP, a few ms on a CPU."""


def seconds(device: torch.device) -> float:
    """Return the wall clock of one pass of the kernel."""
    images, weight = _operands(device)
    start = time.perf_counter()
    with torch.inference_mode():
        nn.functional.conv2d(images, weight, padding=1)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


@cache
def _operands(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return images and weight, made without a random draw, after a pass that is not timed."""
    with torch.inference_mode():
        count, channels, height, width = SHAPE
        images = torch.linspace(-1, 1, count * channels * height * width, device=device)
        weight = torch.linspace(-1, 1, channels * channels * 9, device=device)
        layout = torch.channels_last
        images = images.view(SHAPE).contiguous(memory_format=layout)
        weight = weight.view(channels, channels, 3, 3).contiguous(memory_format=layout)
        nn.functional.conv2d(images, weight, padding=1)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return images, weight
