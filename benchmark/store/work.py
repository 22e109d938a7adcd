"""Where work in progress lies: a hidden folder within a results folder, never a part of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.matrix.cell import Cell

FOLDER = ".work"
EVERY_SECONDS = 10.0
"""Of training between two checkpoints, at least."""


def folder(root: Path) -> Path:
    """Return the folder of claims, locks and checkpoints; all of it may be deleted when idle."""
    return root / FOLDER


def checkpoint_path(root: Path, cell: Cell) -> Path:
    """Return where a cell's training is kept until its result is published."""
    return folder(root) / f"{cell.pretrain_id}.safetensors"
