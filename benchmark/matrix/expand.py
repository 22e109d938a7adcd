"""From a checked matrix file to its cells: names resolved, aliases made one, products taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from benchmark.data import catalogue as datasets
from benchmark.errors import MatrixError, UsageError, unknown
from benchmark.matrix.budget import NOTHING, PAPER, Budget
from benchmark.matrix.cell import Cell
from benchmark.matrix.common import Table
from benchmark.matrix.model import Excluded, Matrix
from benchmark.matrix.protocol import PROTOCOLS, Protocol
from benchmark.matrix.row import Axis, Row, setting_of
from benchmark.matrix.schema import Block, Exclusion, File
from methods import catalogue, contract
from methods.settings import Training, fallback

UNTRAINED = Training("sgd", 0.0, batch=256, source="an untrained encoder")
"""Of the floor, whatever the training of the others, so that it is one cell for all of them."""

MAX_CELLS = 100_000

Made = TypeVar("Made")


@dataclass
class _Found:
    """What is gathered on the way through the blocks."""

    cells: dict[str, Cell] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    """File and line of each cell."""
    wanted: dict[str, tuple[Protocol, ...]] = field(default_factory=dict)
    excluded: dict[str, Excluded] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    """Exclusions that fitted a row."""


def matrix(file: File, table: Table) -> Matrix:
    """Take the products of all blocks.

    Raises:
        MatrixError: With the file, the line, and what is allowed there.
    """
    _check_size(file)
    found = _Found()
    for block in file.blocks:
        _check_names(block)
        for where, row in _rows(block):
            _add(found, file, block, row, where, table=table)
    _check_all(found, file)
    protocols = tuple(dict.fromkeys(p for wanted in found.wanted.values() for p in wanted))
    own = {name: wanted for name, wanted in found.wanted.items() if wanted != protocols}
    header, excluded = file.header, tuple(found.excluded.values())
    cells = tuple(found.cells.values())
    return Matrix(header.name, header.description, cells, protocols, excluded, own)


def _check_size(file: File) -> None:
    """Refuse products that would fill the memory before anything could be said about them."""
    count = sum(
        len(axes.methods) * len(axes.datasets) * len(axes.encoders) * len(axes.replicates)
        for axes in (block.axes for block in file.blocks)
    )
    if count > MAX_CELLS:
        raise MatrixError(f"{file.document.name}: {count} cells, at most {MAX_CELLS} in one matrix")


def _check_names(block: Block) -> None:
    """Check what stands alone: datasets, encoders, protocols, replicates, and that each is once."""
    axes = block.axes
    _each_once(block, "datasets", axes.datasets, lambda text: datasets.resolve(text).name)
    _each_once(block, "encoders", axes.encoders, catalogue.canonical)
    _each_once(block, "protocols", axes.protocols, lambda text: _protocol(text).name)
    _each_once(block, "replicates", axes.replicates, str)
    if axes.batch is not None and axes.training == "authors":
        raise MatrixError(f"{block.where('batch')}: batch belongs to the common training only")


def _each_once(block: Block, key: str, items: list[Made], canonical: Callable[[Made], str]) -> None:
    first: dict[str, str] = {}
    for index, item in enumerate(items):
        where = block.where(key, index)
        name = _worded(where, partial(canonical, item))
        if name in first:
            raise MatrixError(f"{where}: {name} stands twice in {key} (first at {first[name]})")
        first[name] = where


def _protocol(name: str) -> Protocol:
    if name not in PROTOCOLS:
        raise UsageError(unknown("protocol", name, PROTOCOLS))
    return PROTOCOLS[name]


def _worded(where: str, make: Callable[[], Made]) -> Made:
    """Make something, and put file and line before what is wrong with it."""
    try:
        return make()
    except (ValueError, UsageError) as error:
        raise MatrixError(f"{where}: {error}") from error


def _rows(block: Block) -> Iterator[tuple[str, Row]]:
    """Yield file and line of the method, and the row: methods by datasets by encoders."""
    for index, text in enumerate(block.axes.methods):
        where = block.where("methods", index)
        for name in block.axes.datasets:
            chosen = datasets.resolve(name)
            setting = _worded(where, partial(setting_of, text, chosen))
            for encoder in block.axes.encoders:
                yield where, Row(setting, chosen, catalogue.canonical(encoder))


def _add(found: _Found, file: File, block: Block, row: Row, where: str, *, table: Table) -> None:
    """Add a row's cells, or the reason why there are none."""
    axes = block.axes
    budget = _budget(block, row, where)
    recipe = _recipe(block, row, budget, table)
    reason = _excluded(found, file, row) or _worded(where, partial(_refusal, row, recipe.batch))
    if reason is not None:
        names = (row.setting.variant, row.dataset.name, row.encoder)
        found.excluded.setdefault(row.label, Excluded(row.label, reason, *names))
        return
    steps: int | None = 0
    if row.trains:
        steps = _worded(block.where("budget"), partial(budget.steps, recipe.batch, row.images))
    for replicate in axes.replicates:
        cell = Cell(
            method=row.setting.variant, dataset=row.dataset.name, encoder=row.encoder,
            budget=budget, training=axes.training if row.trains else "common", recipe=recipe,
            steps=steps, precision=axes.precision, replicate=replicate,
            values=dict(row.setting.values),
        )  # fmt: skip
        name = cell.pretrain_id
        if name in found.cells:
            first = found.first[name]
            raise MatrixError(f"{where}: the cell '{cell.label}' stands twice (first at {first})")
        found.cells[name], found.first[name] = cell, where
        found.wanted[name] = tuple(_protocol(text) for text in axes.protocols)


def _refusal(row: Row, batch: int) -> str | None:
    """Return why a row cannot run, or None if it can."""
    images = row.images if row.trains else None
    if images is not None and images < batch:
        return f"a batch of {batch} is larger than the {images} images of {row.dataset.name}"
    return contract.refusal(row.setting, row.encoder, batch=batch, images=images)


def _budget(block: Block, row: Row, where: str) -> Budget:
    """Return what a row spends: `paper` is each method's own length."""
    if not row.trains:
        return NOTHING
    if block.axes.budget is not PAPER:
        return block.axes.budget
    return replace(PAPER, amount=float(_authors(row, where).epochs))


def _recipe(block: Block, row: Row, budget: Budget, table: Table) -> Training:
    if not row.trains:
        return UNTRAINED
    if block.axes.training == "authors":
        return _authors(row, block.where("training"))
    return table.training(
        method=row.setting.variant, dataset=row.dataset.name, encoder=row.encoder,
        spent=budget.spent, batch=block.axes.batch,
    )  # fmt: skip


def _authors(row: Row, where: str) -> Training:
    """Return the published training: the dataset's, or that of the nearest in image size."""
    card = row.setting.card
    if not card.authors:
        raise MatrixError(f"{where}: {card.name} has no published training; choose common")
    dataset = row.dataset
    return card.authors[fallback(dataset.card.name, dataset.image_size, card.authors)]


def _excluded(found: _Found, file: File, row: Row) -> str | None:
    """Return the reason that the file itself gives for leaving a row out."""
    reason = None
    for index, rule in enumerate(file.header.exclude):
        if _fits(file, index, rule, row):
            found.used.add(index)
            reason = reason or rule.reason
    return reason


def _fits(file: File, index: int, rule: Exclusion, row: Row) -> bool:
    """Say whether an exclusion means a row; every name in it is checked."""
    if rule.method is rule.dataset is rule.encoder is None:
        where = file.document.where("exclude", index)
        raise MatrixError(f"{where}: an exclusion names a method, a dataset or an encoder")
    fits = []
    axes: tuple[Axis, ...] = ("method", "dataset", "encoder")
    for axis in axes:
        text = getattr(rule, axis)
        if text is not None:
            where = file.document.where("exclude", index, axis)
            fits.append(_worded(where, partial(row.is_meant, axis, text)))
    return all(fits)


def _check_all(found: _Found, file: File) -> None:
    """Refuse exclusions without effect, and a matrix without cells."""
    for index in range(len(file.header.exclude)):
        if index not in found.used:
            where = file.document.where("exclude", index)
            raise MatrixError(f"{where}: this exclusion fits no cell of the matrix")
    if not found.cells:
        where = file.blocks[0].where("methods")
        reason = next(iter(found.excluded.values())).reason
        raise MatrixError(f"{where}: no cell is left to run: {reason}")
