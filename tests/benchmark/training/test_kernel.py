"""The yardstick of a cell's speed is there, and moves no number."""

from __future__ import annotations

import torch

from benchmark.training import kernel


def test_the_kernel_takes_time_and_no_random_number() -> None:
    """Whether it runs or not, what is drawn after it is the same."""
    state = torch.get_rng_state()
    assert kernel.seconds(torch.device("cpu")) > 0
    assert torch.equal(torch.get_rng_state(), state)
