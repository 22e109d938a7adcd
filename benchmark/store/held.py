"""Results as far as their own predictions hold them: what is refuted, or lost them, is named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from benchmark.errors import ResultError
from benchmark.store import determinism, files, invariants
from benchmark.store.files import Broken, Loaded
from benchmark.store.predictions import Predictions
from benchmark.store.result import Result


def read(root: Path, *, curves_of: Collection[str] | None = None) -> Loaded:
    """Read every result under a folder that its own predictions hold; the others are named.

    Args:
        root: The folder.
        curves_of: As `files.read_all`.

    Raises:
        ResultError: As `files.read_all`.
    """
    loaded = files.read_all(root, curves_of=curves_of)
    wrong = {result.id: predictions(root, result)[1] for result in loaded.results}
    return Loaded(
        tuple(result for result in loaded.results if not wrong[result.id]),
        (*loaded.broken, *(broken for found in wrong.values() for broken in found)),
    )


def read_noted(root: Path, *, curves_of: Collection[str] | None = None) -> Loaded:
    """Read as `read`, each result with the determinism that was measured of its row.

    Raises:
        ResultError: As `read`, or if what was measured is damaged.
    """
    found, findings = read(root, curves_of=curves_of), determinism.load(root)
    return replace(found, results=tuple(determinism.noted(r, findings) for r in found.results))


def predictions(root: Path, result: Result) -> tuple[Predictions, list[Broken]]:
    """Read the predictions of a result; or none, and why they are lost or what they refute."""
    place = files.predictions_path(root / files.relative_path(result.cell))
    try:
        found = files.read_predictions(root, result)
    except ResultError as error:
        return {}, [Broken(place, str(error).removeprefix(f"{place}: "))]
    breaches = [*invariants.predictions(result, found)] if found else []
    return ({} if breaches else found), [Broken(place, sentence) for sentence in breaches]
