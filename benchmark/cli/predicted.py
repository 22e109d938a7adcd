"""The predictions of a results folder: each file read once, damage and refuted numbers named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmark.evidence.floor import FloorCheck
    from benchmark.store.files import Broken, Loaded
    from benchmark.store.predictions import Predictions
    from benchmark.store.result import Result

    Counts: TypeAlias = Mapping[str, list[list[int]]]

CLASSES = 100
"""Up to which confusions are counted: an ImageNet result has a million."""


def held(loaded: Loaded, root: Path) -> Loaded:
    """Leave out results that their own predictions refute, or that have lost them, by name.

    Args:
        loaded: What was read of a folder, or a part of it.
        root: The folder.
    """
    predicted = Predicted(root)
    kept = tuple(result for result in loaded.results if predicted.hold(result))
    return replace(loaded, results=kept, broken=(*loaded.broken, *predicted.damaged))


class Predicted:
    """What the encoders of a folder predicted; floors, which many ask for, are kept in memory."""

    def __init__(self, root: Path, *, counting: bool = False) -> None:
        """Read nothing yet.

        Args:
            root: The results folder.
            counting: Whether to count confusions of whatever is read.
        """
        self.damaged: dict[Broken, None] = {}
        self.counts: dict[str, list[list[int]]] = {}
        self.refuted: set[str] = set()
        """Ids of results whose predictions are damaged, lost, or say another number."""
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

        if result.id in self._floors:
            return self._floors[result.id]
        found = self._read(result)
        if self._counting and "linear" in found and "labels" in found:
            self._count(result, found)
        if is_floor(result.cell):
            self._floors[result.id] = found
        return found

    def hold(self, result: Result) -> bool:
        """Say whether a result's own predictions are there and give its number."""
        if result.id not in self._floors:
            self._read(result)
        return result.id not in self.refuted

    def _read(self, result: Result) -> Predictions:
        from benchmark.errors import ResultError
        from benchmark.store import files, invariants

        place = files.predictions_path(self._root / files.relative_path(result.cell))
        try:
            found = files.read_predictions(self._root, result)
        except ResultError as error:
            self.damaged[files.Broken(place, str(error).removeprefix(f"{place}: "))] = None
            self.refuted.add(result.id)
            return {}
        breaches = [*invariants.predictions(result, found)] if found else []
        self.damaged |= {files.Broken(place, sentence): None for sentence in breaches}
        if not breaches:
            return found
        self.refuted.add(result.id)
        return {}

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
