"""Results with predictions, of methods whose encoder effects are planted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.store.result import Result
from tests.benchmark.factories import make_result

ENCODERS = ("compact", "resnet18", "resnet34")
PLANTED = {"simclr": 0.0, "byol": 0.8}
"""Size of the encoder effect, standard deviations of one answer."""
LABELS = np.arange(200) % 7


def answered() -> list[tuple[Result, dict[str, NDArray[Any]]]]:
    """Make results of two methods, three encoders and three replicates, of 50 groups of images."""
    random = np.random.default_rng(0)
    image = random.normal(size=200)
    found = []
    for method, size in PLANTED.items():
        for place, encoder in zip((-1, 0, 1), ENCODERS, strict=True):
            for replicate in range(3):
                right = 0.5 + size * place + image + random.normal(size=200) > 0
                predicted = np.where(right, LABELS, (LABELS + 1) % 7)
                result = make_result(
                    method,
                    100 * (int(right.sum()) / 200),
                    encoder=encoder,
                    replicate=replicate,
                    images=200,
                )
                found.append((
                    result,
                    {"linear": predicted, "labels": LABELS, "groups": np.arange(200) // 4},
                ))  # fmt: skip
    return found
