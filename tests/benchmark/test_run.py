"""What a cell keeps beside its result."""

from __future__ import annotations

import numpy as np
import torch

from benchmark.run import narrow


def test_whole_numbers_are_kept_as_they_are_whatever_their_size() -> None:
    """Tiles of a large set are more than 16 bits can count; they must not wrap around."""
    few, many = torch.tensor([0, 519]), torch.tensor([0, 40_000])

    assert narrow(few).dtype == np.int16
    assert narrow(few).tolist() == [0, 519]
    assert narrow(many).tolist() == [0, 40_000]
