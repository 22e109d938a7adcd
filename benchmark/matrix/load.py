"""Matrices by name or path: the ones shipped beside this file, or a user's own."""

from __future__ import annotations

from pathlib import Path

from benchmark import yaml
from benchmark.errors import MatrixError, UsageError, unknown
from benchmark.matrix import common, expand, schema
from benchmark.matrix.common import Table
from benchmark.matrix.model import Excluded, Matrix
from benchmark.matrix.select import select

__all__ = ["Excluded", "Matrix", "load", "parse", "select", "shipped"]

FOLDER = Path(__file__).parent
SUFFIXES = (".yaml", ".yml")


def shipped() -> tuple[str, ...]:
    """Return the names of the matrices that come with the benchmark."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load(name_or_path: str, *, table: Path = common.SHIPPED) -> Matrix:
    """Load a matrix.

    Args:
        name_or_path: The name of a shipped matrix, or a path that ends in `.yaml`.
        table: The learning rates of the common training.

    Raises:
        UsageError: If there is no shipped matrix of that name.
        MatrixError: If the file does not say what to run; with file, line and what is allowed.
    """
    path = Path(name_or_path)
    if path.suffix not in SUFFIXES:
        if name_or_path not in shipped():
            what = unknown("matrix", name_or_path, shipped())
            raise UsageError(f"{what}; a file of your own ends in .yaml")
        path = FOLDER / f"{name_or_path}.yaml"
    return parse(yaml.load(path, MatrixError), common.load(table))


def parse(document: yaml.Document, table: Table) -> Matrix:
    """Make a matrix of a document.

    Raises:
        MatrixError: As `load`.
    """
    return expand.matrix(schema.read(document), table)
