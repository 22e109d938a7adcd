"""Results of methods whose encoder effects are planted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmark.store.result import Result
from tests.benchmark.factories import make_result

ENCODERS = ("compact", "resnet18", "resnet34", "resnet50")
PLANTED = {"simclr": (70.0, 0.2), "byol": (70.0, 8.0), "moco_v2": (40.0, 0.2)}
"""Mean, and sd of the encoder effect."""


def made(keep: Callable[[str, str, int], bool] = lambda *_: True) -> list[Result]:
    """Make results of three methods, four encoders and three replicates, noise 0.3 points."""
    random = np.random.default_rng(0)
    effect = np.array([-1.2, -0.4, 0.4, 1.2])
    found = []
    for method, (mean, sd) in PLANTED.items():
        for encoder, place in zip(ENCODERS, effect, strict=True):
            for replicate in range(3):
                value = round(mean + sd * place + float(random.normal(0, 0.3)), 2)
                if keep(method, encoder, replicate):
                    found.append(make_result(method, value, encoder=encoder, replicate=replicate))
    return found
