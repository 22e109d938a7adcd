"""The selectors that every verb shares: `-m yadim -d cifar10 -e resnet18`; repetition is union."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeAlias

from benchmark.data import catalogue
from benchmark.errors import UsageError, unknown
from benchmark.matrix.cell import Cell
from benchmark.matrix.model import Excluded, Matrix
from benchmark.matrix.row import Axis, Row, setting_of

Names: TypeAlias = tuple[str, str, str]
"""Method, dataset and encoder."""


def select(
    matrix: Matrix,
    methods: Sequence[str] = (),
    datasets: Sequence[str] = (),
    encoders: Sequence[str] = (),
    replicates: Sequence[int] = (),
) -> Matrix:
    """Keep a part of a matrix; an axis of which nothing is said is kept whole.

    Args:
        matrix: The whole.
        methods: Selectors; a name without options means every variant in the matrix.
        datasets: Likewise.
        encoders: Likewise.
        replicates: Numbers.

    Raises:
        UsageError: If a selector is not allowed or means nothing in the matrix, or nothing is left.
    """
    parts: tuple[Cell | Excluded, ...] = (*matrix.cells, *matrix.excluded)
    rows = {names: _row(names) for names in map(_names, parts)}
    asked: dict[Axis, Sequence[str]] = {
        "method": methods, "dataset": datasets, "encoder": encoders,
    }  # fmt: skip
    names = set(rows)
    for axis, texts in asked.items():
        if texts:
            names &= {name for text in texts for name in _meant(matrix.name, rows, axis, text)}
    has = {cell.replicate for cell in matrix.cells}
    for replicate in replicates:
        if replicate not in has:
            what = unknown("replicate", str(replicate), map(str, has))
            raise UsageError(f"matrix {matrix.name!r}: {what}")
    cells = tuple(
        cell
        for cell in matrix.cells
        if _names(cell) in names and (not replicates or cell.replicate in replicates)
    )
    excluded = tuple(left for left in matrix.excluded if _names(left) in names)
    if not cells:
        reason = f" ({excluded[0].label}: {excluded[0].reason})" if excluded else ""
        raise UsageError(f"matrix {matrix.name!r}: no cell fits this selection{reason}")
    return replace(matrix, cells=cells, excluded=excluded)


def fitting(
    cells: Iterable[Cell],
    methods: Sequence[str] = (),
    datasets: Sequence[str] = (),
    encoders: Sequence[str] = (),
) -> list[Cell]:
    """Keep the cells of results that the selectors mean; a stranger's may be of unknown methods.

    Args:
        cells: Of any results.
        methods: Selectors; a name without options means every variant.
        datasets: Likewise.
        encoders: Likewise.

    Raises:
        UsageError: If a selector means no cell, or none is left.
    """
    every = list(cells)
    kept = every
    asked: tuple[tuple[Axis, Sequence[str]], ...] = (
        ("method", methods), ("dataset", datasets), ("encoder", encoders),
    )  # fmt: skip
    for axis, texts in asked:
        for text in texts:
            if not any(_is_of(axis, text.strip(), *_names(cell)) for cell in every):
                known = {getattr(cell, axis) for cell in every}
                raise UsageError(f"no result: {unknown(axis, text, known)}")
        kept = [
            cell
            for cell in kept
            if not texts or any(_is_of(axis, text.strip(), *_names(cell)) for text in texts)
        ]
    if every and not kept:
        raise UsageError("no result fits this selection")
    return kept


@cache
def _is_of(axis: Axis, text: str, method: str, dataset: str, encoder: str) -> bool:
    own = {"method": method, "dataset": dataset, "encoder": encoder}[axis]
    if "[" not in text:
        return own.partition("[")[0] == text
    try:
        return _row((method, dataset, encoder)).is_meant(axis, text)
    except (ValueError, UsageError):  # of what is not installed here
        return own == text


def _names(part: Cell | Excluded) -> Names:
    return part.method, part.dataset, part.encoder


def _row(names: Names) -> Row:
    method, dataset, encoder = names
    chosen = catalogue.resolve(dataset)
    return Row(setting_of(method, chosen), chosen, encoder)


def _meant(name: str, rows: dict[Names, Row], axis: Axis, text: str) -> list[Names]:
    """Return the rows that a selector means: one at least."""
    try:
        meant = [names for names, row in rows.items() if row.is_meant(axis, text)]
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not meant:
        position = ("method", "dataset", "encoder").index(axis)
        has = {names[position] for names in rows}
        raise UsageError(f"matrix {name!r}: {unknown(axis, text, has)}")
    return meant
