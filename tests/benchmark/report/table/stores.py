"""Results of every kind that a table must show, made by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benchmark.matrix.budget import Budget
from benchmark.store import files
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result

EVIL = '<script>alert("x")</script> 50%_&#$~^{}\\ [a|b] "q" `c` *d* **e** -- ?` é 文\u202e'
SCORES = {
    "simclr": (70.0, 70.5, 70.4),
    "byol": (70.1, 70.2, 70.3),
    "moco_v2": (60.0, 60.3, 60.1),
}


def several() -> list[Result]:
    """Return three methods with three replicates on two encoders, one cell failed, and a floor."""
    return [*_several()]


@cache
def _several() -> tuple[Result, ...]:
    found = []
    for name, values in SCORES.items():
        for k, value in enumerate(values):
            found.append(make_result(name, value, replicate=k, scores={"knn": value - 10.5}))
            if name != "byol":
                found.append(make_result(name, value - 5, replicate=k, encoder="resnet18"))
    found += [
        make_result("byol", replicate=k, encoder="resnet18", status="failed", error="loss is nan")
        for k in range(3)
    ]
    return (*found, *(floor(40.0 + k, k) for k in range(3)))


def floor(value: float, replicate: int) -> Result:
    """Make a floor, which has a budget of its own."""
    cell = make_cell("random_init", budget=Budget("none", "steps", 0), replicate=replicate)
    return make_result(cell=cell, value=value, scores={"knn": value - 1})


def stored(root: Path, results: list[Result]) -> Path:
    """Write results into a folder and return it."""
    for result in results:
        files.write(root, result, {})
    return root
