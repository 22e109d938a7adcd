"""Where datasets and caches lie, and what is said where a dataset does not."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.errors import DataError

DATA_VARIABLE = "CSLBENCH_DATA"
CACHE_VARIABLE = "CSLBENCH_CACHE"
FETCH = "cslbench data --download"
"""What a message tells to run where a dataset can be fetched; its name follows."""


def data_root(root: Path | None) -> Path:
    """Return the folder of the datasets: the argument, CSLBENCH_DATA, or the default."""
    if root is not None:
        return root.expanduser()
    named = os.environ.get(DATA_VARIABLE)
    return Path(named).expanduser() if named else cache_root() / "data"


def cache_root() -> Path:
    """Return the folder of what can be made again: CSLBENCH_CACHE, or `~/.cache/cslbench`."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else Path.home() / ".cache" / "cslbench"


def find(name: str, root: Path | None, folders: tuple[str, ...], needed: str, remedy: str) -> Path:
    """Return the first of some folders that holds a file.

    Args:
        name: The dataset's, for the message.
        root: As given by the user.
        folders: Relative to the data root ("" is the root itself); an absolute one stays as it is.
        needed: Relative path of what must be in it.
        remedy: What to do where none has it.

    Raises:
        DataError: None has it.
    """
    places = [data_root(root) / Path(folder).expanduser() for folder in folders]
    for place in places:
        if (place / needed).exists():
            return place
    looked = " or ".join(str(place) for place in places)
    raise DataError(f"{name}: found no {needed} in {looked}; {remedy}")
