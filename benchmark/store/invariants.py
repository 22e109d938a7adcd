"""What must hold of results beyond the schema's types: each breach is a sentence with its numbers.

No torch: whatever is checked here is checked in a moment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.data import catalogue
from benchmark.errors import ResultError
from benchmark.store import determinism, encoders, files, many
from benchmark.store.files import Broken
from benchmark.store.predictions import Predictions
from benchmark.store.result import Ledger, Metric, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELS, GROUPS = "labels", "groups"
"""Arrays of a predictions file that belong to no protocol."""
BESIDE = (".npz", ".safetensors")
"""What may lie beside a result under its name: predictions, and its encoder where kept."""
PAGES = (".md", ".html")
"""What is made from results and may lie at the top of their folder."""


def folder(root: Path) -> Iterator[tuple[str, str]]:
    """Check a results folder whole: yield the path and the sentence of every breach.

    Raises:
        ResultError: If it is a file.
    """
    with many.without_pauses():
        checked = [_checked(root, path) for path in files.paths(root)]
    broken = [found for found, _ in checked if isinstance(found, Broken)]
    yield from ((str(file.path), file.reason) for file in broken)
    yield from (breach for _, breaches in checked for breach in breaches)
    results = [found for found, _ in checked if isinstance(found, Result)]
    for found, sentence in replicates(results):
        yield str(root / files.relative_path(found.cell)), sentence
    try:
        determinism.load(root)
    except ResultError as error:
        doctored = root / files.DOCTOR_FILE
        yield str(doctored), str(error).removeprefix(f"{doctored}: ")
    for path, sentence in strays(root):
        yield str(path), sentence


def _checked(root: Path, path: Path) -> tuple[Result | Broken, list[tuple[str, str]]]:
    """Read a result and check it while its curve and its predictions are at hand."""
    found = files.read_or_name(root, None, path)
    if isinstance(found, Broken):
        return found, []
    return found.model_copy(update={"curve": ()}), [*one(path, found)]


def one(path: Path, found: Result) -> Iterator[tuple[str, str]]:
    """Check a result, and the predictions and the encoder beside it."""
    yield from ((str(path), sentence) for sentence in result(found))
    try:
        encoders.check(path, found)
    except ResultError as error:
        kept_encoder = encoders.path_of(path)
        yield str(kept_encoder), str(error).removeprefix(f"{kept_encoder}: ")
    beside = files.predictions_path(path)
    try:
        kept = files.predictions_of(path, found)
    except ResultError as error:
        yield str(beside), str(error).removeprefix(f"{beside}: ")
        return
    if kept:
        yield from ((str(beside), sentence) for sentence in predictions(found, kept))
    elif os.path.lexists(beside):
        yield str(beside), "belongs to no result: the one of its name kept no predictions"


def result(found: Result) -> Iterator[str]:
    """Check a result by itself."""
    if not found.final:
        if found.metrics:
            yield f"status {found.status!r} with metrics ({', '.join(found.metrics)})"
        if not found.error:
            yield f"status {found.status!r} without an error that says why"
        return
    if found.error is not None:
        yield f"status {found.status!r} with the error {found.error!r}"
    for part in ("ledger", "sanity", "described"):
        if getattr(found, part) is None:
            yield f"status {found.status!r} without {part}"
    if found.provenance.weights_sha256 is None:
        yield f"status {found.status!r} without the hash of its weights"
    yield from _sanity(found)
    yield from _scores(found)
    if found.ledger is not None:
        yield from _ledger(found, found.ledger)
        yield from _curve(found, found.ledger)


def _sanity(found: Result) -> Iterator[str]:
    sanity = found.sanity
    if sanity is None:
        return
    if not sanity.encoder_untouched:
        yield "the probes changed the encoder (encoder_untouched is false)"
    if (sanity.collapsed is not None) != (found.status == "collapsed"):
        yield f"status {found.status!r}, but sanity says collapsed: {sanity.collapsed!r}"


def _scores(found: Result) -> Iterator[str]:
    counts = {}
    for name, score in found.metrics.items():
        if name != score.protocol.name:
            yield f"the score {name!r} was made by the protocol {score.protocol.name!r}"
        for k, metric in (("top1", score.top1), ("top5", score.top5)):
            if metric is not None:
                counts[f"{name}.{k}"] = metric.n
    known = _card(found)
    if known is not None and known.test is not None and found.provenance.dataset_official:
        counts[f"the test split of {known.name}"] = known.test
    if len(set(counts.values())) > 1:
        stated = ", ".join(f"{name} {n}" for name, n in counts.items())
        yield f"test images are not counted alike: {stated}"


def _ledger(found: Result, ledger: Ledger) -> Iterator[str]:
    batch = found.cell.recipe.batch
    if ledger.images != ledger.steps * batch:
        yield f"{ledger.images} images are not {ledger.steps} steps of {batch}"
    if found.cell.steps is not None and ledger.steps != found.cell.steps:
        yield f"the ledger has {ledger.steps} steps, its cell {found.cell.steps}"
    if (sentence := _epochs(found, ledger)) is not None:
        yield sentence
    for name, value in ledger.model_dump().items():
        if isinstance(value, int | float) and value < 0:
            yield f"ledger.{name} is below 0 (got {value})"


def _epochs(found: Result, ledger: Ledger) -> str | None:
    """Say why images and epochs do not fit: they state the size of the set that was learnt from."""
    stated = f"{ledger.images} images in {ledger.epochs:g} epochs"
    if not ledger.images or ledger.epochs <= 0:
        return stated if ledger.images or ledger.epochs else None
    size = ledger.images / ledger.epochs
    if abs(size - round(size)) > 1e-6 * size:
        return f"{stated}: no set has {size:.2f} images"
    known = _card(found)
    if known is None or not found.provenance.dataset_official:
        return None
    sizes = {known.train, catalogue.resolve(found.cell.dataset).pretrain} - {None}
    if not sizes or round(size) in sizes:
        return None
    has = " or ".join(sorted(map(str, sizes)))
    return f"{stated}: {known.name} has {has} to learn from, not {round(size)}"


def _curve(found: Result, ledger: Ledger) -> Iterator[str]:
    steps = [point.step for point in found.curve]
    for before, after in pairwise(steps):
        if after <= before:
            yield f"the curve goes from step {before} to step {after}"
    last = steps[-1] if steps else 0
    if last != ledger.steps:
        yield f"the curve ends at step {last}, the training at step {ledger.steps}"


def _card(found: Result) -> catalogue.DatasetCard | None:
    """Return what is known of a built-in dataset; a stranger's result imports no plugin."""
    return catalogue.CARDS.get(found.cell.dataset.partition("[")[0])


def predictions(found: Result, kept: Predictions) -> Iterator[str]:
    """Check that a result's numbers are what the predictions beside it give."""
    for name in sorted(set(kept) - {*found.metrics, LABELS, GROUPS}):
        yield f"predictions of {name!r}, which the result has no score of"
    for name in sorted({*found.metrics, LABELS} - set(kept)):
        yield f"no predictions of {name!r}" if name != LABELS else "no labels"
    if LABELS not in kept:
        return
    labels = kept[LABELS]
    lengths = {name: len(array) for name, array in kept.items() if len(array) != len(labels)}
    for name, length in lengths.items():
        yield f"{name} has {length} entries, labels {len(labels)}"
    known = _card(found)
    classes = (known.classes if known else None) or int(labels.max(initial=-1)) + 1
    if len(labels) and (labels.min() < 0 or labels.max() >= classes):
        yield f"labels {labels.min()} to {labels.max()} are not within {classes} classes"
        return
    for name, score in found.metrics.items():
        if name in kept and name not in lengths:
            yield from _accuracy(name, score.top1, kept[name], labels, classes=classes)


def _accuracy(
    name: str, top1: Metric, predicted: NDArray[Any], labels: NDArray[Any], *, classes: int
) -> Iterator[str]:
    images, right = len(labels), int((predicted == labels).sum())
    inside = int(((predicted >= 0) & (predicted < classes)).sum())
    if inside != images:
        yield (
            f"{name}: the confusion matrix sums to {inside} of {images} test images: the others' "
            f"predictions are not within {classes} classes"
        )
    if top1.n != images:
        yield f"{name}: top-1 is of {top1.n} test images, the predictions are of {images}"
    elif top1.value != 100 * (right / images):
        yield (
            f"{name}: top-1 is {top1.value!r} percent, the predictions give {right} of {images}, "
            f"{100 * (right / images)!r}"
        )


def replicates(results: Iterable[Result]) -> Iterator[tuple[Result, str]]:
    """Name results of one row that claim to be two runs and have the same weights."""
    first: dict[tuple[object, ...], Result] = {}
    for found in results:
        sha, cell = found.provenance.weights_sha256, found.cell
        if not found.final or sha is None:
            continue
        spent = cell.budget.spent
        row = (cell.method, cell.dataset, cell.encoder, spent, cell.training, cell.precision, sha)
        other = first.setdefault(row, found)
        if other is found:
            continue
        trained = found.ledger is None or found.ledger.steps > 0
        if other.cell.replicate != cell.replicate:
            yield found, f"replicates {other.cell.replicate} and {cell.replicate} {_same(other)}"
        elif trained:  # of an untrained encoder the training's settings change nothing
            yield found, f"the cells {other.id} and {found.id} {_same(other)}"


def _same(other: Result) -> str:
    sha = str(other.provenance.weights_sha256)
    return f"have the same weights ({sha[:12]}...): see {files.relative_path(other.cell)}"


def strays(root: Path) -> Iterator[tuple[Path, str]]:
    """Name every file that is neither a result nor belongs to one.

    Hidden files and folders hold work in progress and are left alone.
    """
    for where, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(where, name) for name in sorted(names)):
            if path.name.startswith(".") or path.suffix == ".json":
                continue
            if path.suffix in BESIDE:
                if not path.with_suffix(".json").exists():
                    yield path, "belongs to no result: there is no .json of its name"
            elif not ((path.parent == root and path.suffix in PAGES) or _of_site(path, root)):
                yield path, "is nothing that belongs in a results folder"
        for path in (Path(where, name) for name in folders):
            if path.is_symlink():
                yield path, "is a link to a folder and is not entered; copy the folder instead"


def _of_site(path: Path, root: Path) -> bool:
    return path.is_relative_to(root / "pages") and path.suffix in (".html", ".css", ".js")
