"""The predictions of a results folder: each file read once, damage and refuted numbers named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmark.evidence.floor import FloorCheck
    from benchmark.store.files import Broken
    from benchmark.store.predictions import Predictions
    from benchmark.store.result import Result

    Counts: TypeAlias = Mapping[str, list[list[int]]]

CLASSES = 100
"""Up to which confusions are counted: an ImageNet result has a million."""


class Predicted:
    """What the encoders of a folder predicted; floors, which many ask for, are kept in memory."""

    def __init__(self, root: Path, *, counting: bool = False) -> None:
        """Read nothing yet.

        Args:
            root: The results folder.
            counting: Whether to count confusions of whatever is read.
        """
        self.counts: dict[str, list[list[int]]] = {}
        self._wrong: dict[str, list[Broken]] = {}
        self._root, self._counting = root, counting
        self._floors: dict[str, Predictions] = {}

    def checks(self, results: Iterable[Result]) -> list[FloorCheck]:
        """Test results against their floors.

        Raises:
            ResultError: If two of them cannot be of one dataset.
        """
        from benchmark.errors import ResultError
        from benchmark.evidence.floor import against_floor

        try:
            return against_floor(results, self.of)
        except ValueError as error:
            raise ResultError(f"{self._root}: {error}") from None

    def of(self, result: Result) -> Predictions:
        """Return the predictions of a result; none where they are damaged or refute its number."""
        from benchmark.evidence.floor import is_floor
        from benchmark.store import held

        if result.id in self._floors:
            return self._floors[result.id]
        found, self._wrong[result.id] = held.predictions(self._root, result)
        if self._counting and "linear" in found and "labels" in found:
            self._count(result, found)
        if is_floor(result.cell):
            self._floors[result.id] = found
        return found

    def kept(self, results: Iterable[Result]) -> list[Result]:
        """Return the results that their own predictions hold; what was read is not read again."""
        every = list(results)
        for result in every:
            if result.id not in self._wrong:
                self.of(result)
        return [result for result in every if not self._wrong[result.id]]

    @property
    def damaged(self) -> list[Broken]:
        """Name predictions that are damaged, lost, or say another number than their result."""
        return [broken for found in self._wrong.values() for broken in found]

    def _count(self, result: Result, found: Predictions) -> None:
        """Count test images by their class and the predicted one."""
        import numpy as np

        labels, predicted = (found[name].astype(np.int64) for name in ("labels", "linear"))
        both = np.concatenate([labels, predicted])
        if labels.shape != predicted.shape or not both.size or both.min() < 0:
            return
        size = int(both.max()) + 1
        if size <= CLASSES:
            counted = np.bincount(labels * size + predicted, minlength=size * size)
            self.counts[result.id] = counted.reshape(size, size).tolist()
