"""The store: one JSON file per cell and replicate, with the predictions beside it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmark import reading
from benchmark.errors import ResultError
from benchmark.matrix.cell import Cell
from benchmark.store import atomic, links, many, strict
from benchmark.store.predictions import Predictions, digest, pack, unpack
from benchmark.store.result import Record, Result

R = TypeVar("R", bound=Record)

MAX_BYTES = 20 * 2**20
"""A result is about 10 kB; what is larger than this is none, and is not read into memory."""
SCHEMA_FILE = "schema.json"
DOCTOR_FILE = "doctor.json"
NO_RESULTS = (SCHEMA_FILE, DOCTOR_FILE)
"""The JSON files that may lie in a results folder and are no results."""

_UNSAFE = re.compile(r"[^a-z0-9._]+")
_LONGEST_SLUG = 60


@dataclass(frozen=True)
class Broken:
    """A file that should be a result and is none."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Loaded:
    """Everything in a results folder: nothing is skipped."""

    results: tuple[Result, ...]
    broken: tuple[Broken, ...]


def slug(name: str) -> str:
    """Write a name for a path; what had to be changed is told apart by a hash of the whole.

    No separator and no leading dot comes through, so that no name leaves its folder.
    """
    safe = _UNSAFE.sub("-", name.lower()).strip(".-")[:_LONGEST_SLUG]
    if safe == name:
        return safe
    return f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")


def relative_path(cell: Cell) -> Path:
    """Return where a cell's result lies under the results folder."""
    name = f"{slug(cell.method)}-{slug(cell.budget.name)}-r{cell.replicate}-{cell.pretrain_id[:8]}"
    return Path(slug(cell.dataset), slug(cell.encoder), f"{name}.json")


def root_of(path: Path, cell: Cell) -> Path:
    """Return the results folder that a result file lies in, or its folder if it is in none."""
    place, parents = relative_path(cell), path.absolute().parents
    top = parents[min(len(place.parts), len(parents)) - 1]
    return top if path.absolute() == top / place else path.parent


def predictions_path(path: Path) -> Path:
    """Return where the predictions of a result file lie."""
    return path.with_suffix(".npz")


def check_folder(root: Path) -> None:
    """Raise ResultError if results cannot be written here; nothing is made yet."""
    _refuse_file(root)
    nearest = next((parent for parent in (root, *root.parents) if parent.exists()), Path())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ResultError(f"{root}: cannot be written to; name another folder with --results")


def write(root: Path, result: Result, predictions: Predictions) -> Path:
    """Write a result and its predictions, and return where.

    The predictions are there before the result that names their hash.

    Raises:
        ResultError: If the disk is full or the folder cannot be written.
    """
    path = root / relative_path(result.cell)
    links.refuse(path.parent, root)
    beside = predictions_path(path)
    origin = result.provenance.model_copy(update={"predictions_sha256": digest(predictions)})
    if predictions:
        atomic.write(beside, pack(predictions))
    atomic.write(path, strict.written(result.model_copy(update={"provenance": origin})))
    if not predictions:
        beside.unlink(missing_ok=True)
    return path


def record(root: Path, result: Result, predictions: Predictions) -> bool:
    """Write a result unless it came to nothing where a final one lies; say whether.

    Raises:
        ResultError: As `write`.
    """
    if not result.final:
        with contextlib.suppress(ResultError):  # what cannot be read is no loss
            before = find(root, result.cell)
            if before is not None and before.final:
                return False
    write(root, result, predictions)
    return True


def find(root: Path, cell: Cell) -> Result | None:
    """Return a cell's result without looking at any other, or None where there is none.

    Raises:
        ResultError: If there is one and it cannot be read.
    """
    _refuse_file(root)
    path = root / relative_path(cell)
    return read(path, root) if path.is_symlink() or path.exists() else None


def read_all(root: Path, *, curves_of: Collection[str] | None = None) -> Loaded:
    """Read every result under a folder; what cannot be read is named.

    Args:
        root: The folder; one that is not there is empty.
        curves_of: Ids of the results whose curves are kept, three quarters of what a result takes
            in memory; of all by default.

    Raises:
        ResultError: If this is a file, not a folder.
    """
    with many.without_pauses():
        found = [read_or_name(root, curves_of, path) for path in paths(root)]
    return Loaded(
        tuple(each for each in found if isinstance(each, Result)),
        tuple(each for each in found if isinstance(each, Broken)),
    )


def paths(root: Path) -> list[Path]:
    """Return every file that should be a result, in a fixed order.

    Raises:
        ResultError: As `read_all`.
    """
    _refuse_file(root)
    return [*candidates(root)]


def read_or_name(root: Path, curves_of: Collection[str] | None, path: Path) -> Result | Broken:
    """Read one of the `paths` of a folder, as `read_all` does, or say why it is no result."""
    try:
        if path.is_symlink():  # its folders are none: `candidates` enters no link
            links.refuse(path, root)
        result = _in_its_place(path, root)
    except ResultError as error:
        return Broken(path, str(error).removeprefix(f"{path}: "))
    kept = curves_of is None or result.id in curves_of
    return result if kept else result.model_copy(update={"curve": ()})


def read(path: Path, root: Path | None = None) -> Result:
    """Read one result file.

    Args:
        path: The file.
        root: The results folder; if given, the file must lie inside, where its cell says.

    Raises:
        ResultError: In words, with the path in front.
    """
    if root is not None:
        links.refuse(path, root)
    return _in_its_place(path, root)


def _in_its_place(path: Path, root: Path | None) -> Result:
    result = read_record(path, Result)
    if root is not None and path != root / relative_path(result.cell):
        where = relative_path(result.cell)
        raise ResultError(f"{path}: is the result of {result.cell.label} and belongs at {where}")
    return result


def read_record(path: Path, kind: type[R]) -> R:
    """Read a JSON file of ours, whoever wrote it.

    Raises:
        ResultError: In words, with the path in front.
    """
    return strict.parse(path, _content(path), kind)


def read_predictions(root: Path, result: Result) -> Predictions:
    """Read the predictions of a result, and check that they are the ones it was scored by.

    Raises:
        ResultError: If they are missing, damaged, or not the result's.
    """
    path = root / relative_path(result.cell)
    links.refuse(predictions_path(path), root)
    return predictions_of(path, result)


def predictions_of(path: Path, result: Result) -> Predictions:
    """Read the predictions beside a result file, wherever that lies.

    Raises:
        ResultError: As `read_predictions`.
    """
    if result.provenance.predictions_sha256 is None:
        return {}
    beside = predictions_path(path)
    if beside.is_symlink():
        links.refuse(beside, root_of(path, result.cell))
    found = unpack(beside)
    if digest(found) != result.provenance.predictions_sha256:
        raise ResultError(f"{beside}: is not what its result was scored by; run the cell again")
    return found


def _refuse_file(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise ResultError(f"{root}: the results folder is a file; name a folder with --results")


def candidates(root: Path) -> Iterator[Path]:
    """Yield every JSON file in a fixed order; links and hidden folders are not entered."""
    ours = [root / name for name in NO_RESULTS]
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(".json") and path not in ours:
                yield path


def _content(path: Path) -> bytes:
    try:
        return reading.regular(path, MAX_BYTES)
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        raise ResultError(f"{path}: {error}") from None
