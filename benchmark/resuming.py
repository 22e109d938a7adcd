"""A cell's work that says where an interrupted training goes on."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from benchmark.run import Run
from benchmark.training.checkpoint import Course, Keeper


class TellingKeeper(Keeper):
    """Also tells that a checkpoint is gone on from, not only why one is not."""

    def load(self, modules: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> Course:
        """Restore, and tell how far the training was."""
        course = super().load(modules, optimizer)
        if course.step:
            self.tell(f"goes on at step {course.step} of {course.steps}")
        return course


class TellingRun(Run):
    """A run whose checkpoint is kept by a `TellingKeeper`."""

    def _keeper(self) -> Keeper | None:
        kept = super()._keeper()
        if kept is None:
            return None
        return TellingKeeper(kept.path, kept.stamp, every=kept.every, tell=kept.tell)
