"""Robustness where the test images count as drawn: spreads from predictions, not from scores.

Tests between methods and the split of variance take the test images as given, and the two are
never mixed: here are only spreads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmark.evidence.designs import Design, Refused
from benchmark.evidence.robustness import Robustness, Row, spreads
from benchmark.evidence.statistics.crossed import crossed_effect, on_logits
from benchmark.evidence.statistics.layout import Floats

Predicted: TypeAlias = Callable[[str], Mapping[str, NDArray[Any]]]
"""The predictions of a result by its id; none where there are none to trust."""
_SAID = 4
"""Cells that are named one by one."""


@dataclass(frozen=True)
class _Images:
    """The test images of a table."""

    labels: NDArray[Any]
    groups: NDArray[np.int64] | None

    @classmethod
    def of(cls, predictions: Mapping[str, NDArray[Any]]) -> _Images:
        groups = predictions.get("groups")
        return cls(predictions["labels"], None if groups is None else groups.astype(np.int64))

    def same(self, other: _Images) -> bool:
        if (self.groups is None) != (other.groups is None):
            return False
        return np.array_equal(self.labels, other.labels) and (
            self.groups is None or other.groups is None or np.array_equal(self.groups, other.groups)
        )


def population(design: Design, predicted: Predicted, protocol: str) -> Robustness | Refused:
    """Judge one table over replicates and test images, images of one group drawn together.

    Args:
        design: methods by levels by replicates, all of the same test images.
        predicted: gives predictions by ids of results.
        protocol: whose top-1 the design holds.
    """
    rows = spreads(design)
    if isinstance(rows, Refused):
        return rows
    places = {method: index for index, method in enumerate(design.methods)}
    images: _Images | None = None
    found = []
    for row in rows:
        ids = design.ids[places[row.method]]
        cells = {name: predicted(name) for level in ids for name in level}
        lacking = [name for name, cell in cells.items() if not {protocol, "labels"} <= cell.keys()]
        if lacking:
            return Refused(design.label, _without(design, row.method, lacking))
        every = [_Images.of(cell) for cell in cells.values()]
        images = images or every[0]
        if not all(images.same(each) for each in every):
            return Refused(design.label, f"{row.method} has predictions of other test images")
        answers = np.array(
            [[100.0 * (cells[name][protocol] == images.labels) for name in level] for level in ids]
        )
        try:
            found.append(_drawn(row, answers, images.groups))
        except ValueError as error:
            return Refused(design.label, f"{row.method}: {error}")
    ordered = tuple(sorted(found, key=lambda row: row.points.effect.variance))
    return Robustness(design, ordered, (), None, None, test_images="drawn")


def _drawn(row: Row, answers: Floats, groups: NDArray[np.int64] | None) -> Row:
    points = replace(row.points, effect=crossed_effect(answers, groups=groups))
    if row.logit is None:
        return replace(row, points=points)
    logit = replace(row.logit, effect=crossed_effect(on_logits(answers), groups=groups))
    return replace(row, points=points, logit=logit)


def _without(design: Design, method: str, lacking: list[str]) -> str:
    ids = design.ids[design.methods.index(method)]
    cells = [
        f"{level} replicate {replicate}"
        for level, names in zip(design.levels, ids, strict=True)
        for replicate, name in zip(design.replicates, names, strict=True)
        if name in lacking
    ]
    more = f" and {len(cells) - _SAID} more" if len(cells) > _SAID else ""
    named = ", ".join(cells[:_SAID])
    return f"{method} has no predictions that agree with its numbers: {named}{more}"
