"""What a results folder must hold beyond types: every breach is named with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.store import files, invariants
from benchmark.store.predictions import Predictions
from benchmark.store.result import Point, Result
from tests.benchmark.factories import make_cell, make_result

OTHER = "cd" * 32


def scored(value: float = 75.0, *, replicate: int = 0, weights: str = "ab" * 32) -> Result:
    """Return a result of 2,048 test images whose weights are told apart by `weights`."""
    found = make_result(value=value, replicate=replicate)
    return changed(found, {"provenance.weights_sha256": weights})


def kept(right: int = 1536) -> dict[str, Any]:
    """Return predictions of 2,048 images of 16 classes, so many of them right."""
    labels = np.arange(2048, dtype=np.int16) % 16
    predicted = np.where(np.arange(2048) < right, labels, (labels + 1) % 16).astype(np.int16)
    return {"linear": predicted, "labels": labels, "groups": labels // 4}


def changed(found: Result, values: dict[str, object]) -> Result:
    """Return a result with other values at dotted places, valid by the schema."""
    data = found.model_dump()
    for place, value in values.items():
        *path, last = place.split(".")
        inner = data
        for part in path:
            inner = inner[part]
        inner[last] = value
    return Result.model_validate(data, strict=False)


def test_a_result_and_its_predictions_that_agree_are_no_breach(tmp_path: Path) -> None:
    """1,536 of 2,048 is 75 percent exactly."""
    files.write(tmp_path, scored(), kept())
    files.write(tmp_path, scored(replicate=1, weights=OTHER), kept())
    files.write(tmp_path, make_result(replicate=2, status="failed", error="why"), {})
    for name in (".work/x.bin", "leaderboard.md", "README.md", "index.html", "schema.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert list(invariants.folder(tmp_path)) == []


def test_the_committed_results_hold() -> None:
    """Every number of this repository is what its predictions give."""
    root = Path(__file__).parents[3] / "results"
    assert list(invariants.folder(root)) == []
    assert len(files.read_all(root).results) >= 30


BREACHES: dict[str, tuple[dict[str, object], str]] = {
    "images": ({"ledger.images": 50_000}, "50000 images are not 392 steps of 128"),
    "steps": ({"ledger.steps": 391}, "the ledger has 391 steps, its cell 392"),
    "epochs": ({"ledger.epochs": 6.0}, "no set has 8362.67 images"),
    "size": ({"ledger.epochs": 12.544}, "photos has 8000 to learn from, not 4000"),
    "none": ({"ledger.epochs": 0.0}, "50176 images in 0 epochs"),
    "time": ({"ledger.train_seconds": -1.0}, "ledger.train_seconds is below 0 (got -1.0)"),
    "curve end": ({"curve": ()}, "the curve ends at step 0, the training at step 392"),
    "curve order": (
        {"curve": tuple(Point(step=s, loss=1.0, learning_rate=1.0) for s in (2, 2, 392))},
        "the curve goes from step 2 to step 2",
    ),
    "touched": ({"sanity.encoder_untouched": False}, "the probes changed the encoder"),
    "collapse": ({"sanity.collapsed": "rank"}, "status 'ok', but sanity says collapsed: 'rank'"),
    "error": ({"error": "broke"}, "status 'ok' with the error 'broke'"),
    "failed": ({"status": "failed", "error": "x"}, "status 'failed' with metrics (linear)"),
    "silent": ({"status": "failed", "metrics": {}}, "'failed' without an error that says why"),
    "ledger": ({"ledger": None}, "status 'ok' without ledger"),
    "weights": ({"provenance.weights_sha256": None}, "without the hash of its weights"),
    "protocol": ({"metrics.linear.protocol.name": "knn"}, "was made by the protocol 'knn'"),
    "count": ({"metrics.linear.top1.n": 100}, "linear.top1 100, the test split of photos 2048"),
}


@pytest.mark.parametrize("kind", BREACHES)
def test_every_breach_of_a_result_is_named(kind: str) -> None:
    """With what it says and what it should."""
    values, sentence = BREACHES[kind]
    assert any(sentence in found for found in invariants.result(changed(scored(), values)))


def without(name: str) -> Callable[[dict[str, Any]], object]:
    """Return what takes an array away."""
    return lambda arrays: arrays.pop(name)


DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "one more right": (
        lambda arrays: arrays.update(kept(1537)),
        "linear: top-1 is 75.0 percent, the predictions give 1537 of 2048, 75.048828125",
    ),
    "no class": (
        lambda arrays: arrays["linear"].__setitem__(slice(-2, None), 16),
        "linear: the confusion matrix sums to 2046 of 2048 test images",
    ),
    "no label": (lambda arrays: arrays["labels"].__setitem__(0, -1), "labels -1 to 15 are not"),
    "fewer": (
        lambda arrays: arrays.update({name: array[:4] for name, array in kept().items()}),
        "top-1 is of 2048 test images, the predictions are of 4",
    ),
    "shorter": (lambda arrays: arrays.update(linear=arrays["linear"][1:]), "linear has 2047"),
    "unknown": (lambda arrays: arrays.update(knn=arrays["linear"]), "predictions of 'knn', which"),
    "missing": (without("linear"), "no predictions of 'linear'"),
    "unlabelled": (without("labels"), "no labels"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_every_breach_of_the_predictions_is_named(tmp_path: Path, kind: str) -> None:
    """Whoever wrote hash and predictions alike still has to have counted right."""
    change, sentence = DAMAGES[kind]
    arrays = kept()
    change(arrays)
    path = files.write(tmp_path, scored(), arrays)
    found = list(invariants.folder(tmp_path))
    assert {where for where, _ in found} == {str(files.predictions_path(path))}
    assert any(sentence in reason for _, reason in found), found


def test_replicates_with_the_same_weights_are_named() -> None:
    """Two draws that give one network are one run counted twice."""
    first, second = scored(), scored(replicate=1)
    found = list(invariants.replicates([first, second, scored(replicate=2, weights=OTHER)]))
    assert [result.cell.replicate for result, _ in found] == [1]
    assert "replicates 0 and 1 have the same weights (abababababab...): see photos" in found[0][1]


def test_one_run_under_two_ids_is_named_unless_nothing_was_trained() -> None:
    """Another rate cannot lead to the same weights; an untrained encoder has no rate."""
    other = make_result(cell=make_cell(learning_rate=1e-3))
    assert "have the same weights" in next(iter(invariants.replicates([scored(), other])))[1]
    untrained = [
        changed(found, {"ledger.steps": 0, "ledger.images": 0, "ledger.epochs": 0.0, "curve": ()})
        for found in (scored(), other)
    ]
    assert list(invariants.replicates(untrained)) == []


def test_files_that_belong_to_no_result_are_named(tmp_path: Path) -> None:
    """Predictions left behind, notes, links to folders."""
    path = files.write(tmp_path, scored(), kept())
    files.write(tmp_path, make_result(replicate=1, status="failed", error="x"), {})
    orphan, silent = (
        path.with_name("orphan.npz"),
        next(path.parent.glob("*r1*")).with_suffix(".npz"),
    )
    note, link = path.with_name("note.md"), tmp_path / "linked"
    for stray in (orphan, silent, note):
        stray.write_bytes(b"")
    link.symlink_to(path.parent)
    assert dict(invariants.folder(tmp_path)) == {
        str(orphan): "belongs to no result: there is no .json of its name",
        str(silent): "belongs to no result: the one of its name kept no predictions",
        str(note): "is nothing that belongs in a results folder",
        str(link): "is a link to a folder and is not entered; copy the folder instead",
    }


def test_the_site_may_lie_in_its_results_folder(tmp_path: Path) -> None:
    """Its pages, styles and scripts; what else is there is a stray."""
    for name in ("index.html", "pages/claims.html", "pages/static/site.css", "pages/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert [path for path, _ in invariants.folder(tmp_path)] == [str(tmp_path / "pages/a.py")]


def test_predictions_of_a_result_are_counted_without_a_card(tmp_path: Path) -> None:
    """Of somebody's own dataset the labels say how many classes there are."""
    found = make_result(value=75.0, cell=make_cell(dataset="theirs"))
    arrays: Predictions = kept(1535)
    files.write(tmp_path, found, arrays)
    (breach,) = invariants.folder(tmp_path)
    assert "the predictions give 1535 of 2048" in breach[1]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_file_beside_a_result_that_is_a_link_out_is_named(tmp_path: Path, suffix: str) -> None:
    """The store refuses it; so does validating a folder or one file. A link inside is none."""
    root = tmp_path / "results"
    path = files.write(root, scored(), kept())
    beside, outside = path.with_suffix(suffix), tmp_path / "elsewhere"
    outside.write_bytes(files.predictions_path(path).read_bytes())
    beside.unlink(missing_ok=True)
    beside.symlink_to(outside)
    breach = (str(beside), "is a link that leaves the results folder; copy the file instead")
    assert list(invariants.folder(root)) == [breach]
    assert list(invariants.one(path, files.read(path))) == [breach]
    inside = root / ".kept"
    outside.rename(inside)
    beside.unlink()
    beside.symlink_to(inside)
    assert list(invariants.folder(root)) == []


def test_a_link_to_nothing_beside_a_result_without_predictions_is_named(tmp_path: Path) -> None:
    """It is there, whatever it leads to."""
    path = files.write(tmp_path, make_result(status="failed", error="x"), {})
    files.predictions_path(path).symlink_to(tmp_path / ".nothing")
    assert [reason for _, reason in invariants.folder(tmp_path)] == [
        "belongs to no result: the one of its name kept no predictions"
    ]


def test_a_damaged_file_of_the_doctor_is_named(tmp_path: Path) -> None:
    """A run and the gate refuse the folder for it."""
    files.write(tmp_path, scored(), kept())
    (tmp_path / files.DOCTOR_FILE).write_text("{")
    ((path, reason),) = invariants.folder(tmp_path)
    assert path == str(tmp_path / files.DOCTOR_FILE)
    assert "damaged JSON" in reason
