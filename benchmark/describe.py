"""A recipe as it runs in one cell, in words and sizes."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.matrix import common
from benchmark.matrix.cell import Cell
from benchmark.store.result import Described
from methods import catalogue, contract
from methods.recipe import Comparison, Grouped, Indexed, Recipe, negatives_per_anchor
from methods.settings import Setting


def describe(
    cell: Cell,
    setting: Setting,
    recipe: Recipe,
    comparisons: Sequence[Comparison],
    *,
    official: bool,
) -> Described:
    """Describe what a cell does.

    Args:
        cell: Which.
        setting: Its method on its dataset.
        recipe: Composed from that.
        comparisons: Of its first batch; none where nothing is trained.
        official: Whether the dataset's files are the published ones.
    """
    anchors = candidates = negatives = 0
    if comparisons:
        first = comparisons[0]
        anchors, negatives = len(first.anchors), negatives_per_anchor(first)
        candidates = negatives + 1
        if isinstance(first, Indexed | Grouped):
            candidates = len(first.candidates)
    stem = catalogue.stem(cell.encoder, contract.view_size(setting))
    return Described(
        augmentation=recipe.augmentation.describe(),
        evaluation=recipe.evaluation.describe(),
        extrapolated=setting.extrapolated,
        row=setting.row,
        anchors=anchors,
        candidates=candidates,
        negatives_per_anchor=negatives,
        comparisons=len(comparisons),
        stem=stem or "unknown",
        norm=catalogue.norm(cell.encoder) or "unknown",
        marks=_marks(cell, setting, official=official),
    )


def _marks(cell: Cell, setting: Setting, *, official: bool) -> tuple[str, ...]:
    untuned = ("untuned",) if cell.recipe.source == common.DEFAULT else ()
    standin = () if official else ("unofficial data",)
    return (*contract.marks(setting, cell.encoder), *untuned, *standin)
