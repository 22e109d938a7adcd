"""Nights without an engine: results drawn about a mean, written where a run would write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmark.matrix.load import load
from benchmark.matrix.model import Matrix
from benchmark.matrix.rotate import rotated
from benchmark.store import files
from tests.benchmark.factories import make_result

MATRIX = """\
name: tiny
description: for a test
datasets: [photos]
encoders: [compact]
replicates: 3
budget: {steps: 3}
training: common
protocols: [linear]
methods: [simclr, byol]
"""


def tiny(folder: Path) -> Path:
    """Write the matrix and return its path."""
    path = folder / "tiny.yaml"
    path.write_text(MATRIX)
    return path


def part(folder: Path) -> Matrix:
    """Return the matrix."""
    return load(str(tiny(folder)))


def draw(matrix: Matrix, root: Path, *, mean: float = 70.0, sd: float = 0.3) -> None:
    """Write a result of every cell that has none, about a mean, by its replicate."""
    for cell in matrix.cells:
        if files.find(root, cell) is None:
            noise = np.random.default_rng([cell.replicate, len(cell.method)]).normal(0, sd)
            files.write(root, make_result(cell=cell, value=mean + noise, steps=3), {})


def drawing(**law: float) -> Callable[[Matrix, Path], None]:
    """Return what runs cells by drawing them."""

    def run(matrix: Matrix, root: Path) -> None:
        draw(matrix, root, **law)

    return run


def baseline(root: Path, matrix: Matrix, *, mean: float = 70.0, replicates: int = 12) -> Path:
    """Write a baseline about a mean and return its folder."""
    for first in range(0, replicates, 3):
        draw(rotated(matrix, range(first, first + 3)), root, mean=mean)
    return root
