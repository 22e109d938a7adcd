"""The datasets: `load` gives one by the name a matrix uses; importing this imports no torch."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.data.catalogue import resolve

if TYPE_CHECKING:
    from benchmark.data.dataset import Dataset, Split

__all__ = ["Dataset", "Split", "load"]


def load(name: str, root: Path | None = None, *, download: bool = False) -> Dataset:
    """Return a dataset.

    Args:
        name: As in a matrix, e.g. `photos` or `stl10[pretrain=train+unlabeled]`.
        root: Folder that holds the datasets' folders; by default `CSLBENCH_DATA`, or
            `~/.cache/cslbench/data`.
        download: Fetch what is missing and can be fetched.

    Raises:
        UsageError: The name, an option or its value is not allowed.
        DataError: The files are missing or damaged.
    """
    chosen = resolve(name)
    module = import_module(chosen.card.module)
    loaded: Dataset = module.load(chosen.options, root, download=download)
    return loaded


def __getattr__(name: str) -> object:
    """Import the two classes where they are first used: they need torch, the catalogue does not."""
    if name in {"Dataset", "Split"}:
        return getattr(import_module("benchmark.data.dataset"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
