"""Links in a results folder: those that lead out of it are refused, not followed."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.errors import ResultError


def refuse(path: Path, root: Path) -> None:
    """Raise ResultError if a path leads out of a results folder."""
    if _plainly_inside(os.fspath(path), os.fspath(root)):
        return
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a link to itself
        inside = False
    if not inside:
        raise ResultError(
            f"{path}: is a link that leaves the results folder; copy the file instead"
        )


def _plainly_inside(path: str, root: str) -> bool:
    """Say whether nothing on the way from a folder down to a path is a link or leads up.

    Text, not `Path`: to look so is a sixth of the work of resolving both.
    """
    if not path.startswith(root + os.sep) or ".." in path:
        return False
    while len(path) > len(root):
        if os.path.islink(path):  # noqa: PTH114
            return False
        path = os.path.dirname(path)  # noqa: PTH120
    return True
