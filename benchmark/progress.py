"""How far a cell is: what a worker tells whoever watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Progress:
    """One moment of one cell."""

    id: str
    """The cell's `pretrain_id`."""
    phase: Literal["train", "evaluate"]
    done: int
    """Steps, or protocols."""
    total: int
    loss: float | None = None
    """Mean since the last moment."""
    images_per_second: float | None = None
    knn: float | None = None
    """Top-1 in percent of the last look, on held-out train images; decides nothing."""
    note: str = ""
    """Something to be told once, in words."""
