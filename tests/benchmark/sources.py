"""A copy of this program's source that a test may edit."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]


def copied(folder: Path) -> Path:
    """Copy `methods` and `benchmark` into a folder that is not there yet, and return it."""
    only_python = shutil.ignore_patterns("__pycache__", "*.yaml")
    for name in ("methods", "benchmark"):
        shutil.copytree(ROOT / name, folder / name, ignore=only_python)
    return folder


def edit(root: Path, name: str) -> None:
    """Change what a file means."""
    path = root / name
    path.write_text(f"{path.read_text()}\nEDITED = True\n")
