"""Many results, made fast from the committed ones: `python -m tests.benchmark.scale N FOLDER`.

Every row of `photos` on eight encoders, with ten replicates, and the methods that learn without
labels at as many budgets as it takes. Each result has its own weights' hash and its own
predictions, of which its accuracies are the truth:
`validate` finds nothing wrong, floors meet their methods, and claims find their cells.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.matrix.cell import Cell
from benchmark.store import strict
from benchmark.store.files import predictions_path, relative_path
from benchmark.store.predictions import Predictions, digest
from benchmark.store.result import Result

COMMITTED = Path(__file__).parents[2] / "results" / "photos" / "compact"
ENCODERS = ("compact", *(f"compact[width={width}]" for width in (8, 12, 16, 24, 40, 48, 64)))
REPLICATES = 10
TRAIN_IMAGES = 8000
"""Of `photos`."""


def make(count: int, root: Path, *, first: int = 0, replicates: int = REPLICATES) -> None:
    """Write `count` results into a folder: all replicates of a row before the next row's.

    Args:
        count: How many, the floors of all encoders first.
        root: The folder; made if it is not there.
        first: The first replicate.
        replicates: How many of each row.
    """
    templates = [*_templates()]
    for place, chosen in enumerate(islice(_places(templates, first, replicates), count)):
        _write(root, *chosen, random=np.random.default_rng([first, place]))


def _templates() -> Iterator[list[tuple[dict[str, Any], Predictions]]]:
    """Yield the replicates of every committed row, floors first."""
    rows: dict[str, list[tuple[dict[str, Any], Predictions]]] = {}
    for path in sorted(COMMITTED.glob("*.json")):
        found = json.loads(path.read_text())
        with np.load(predictions_path(path)) as kept:
            predictions = {name: kept[name] for name in kept.files}
        rows.setdefault(found["cell"]["method"], []).append((found, predictions))
    yield from sorted(rows.values(), key=lambda row: bool(row[0][0]["cell"]["budget"]["amount"]))


def _places(
    templates: list[list[tuple[dict[str, Any], Predictions]]], first: int, replicates: int
) -> Iterator[tuple[tuple[dict[str, Any], Predictions], str, int, int]]:
    """Yield template, encoder, replicate and steps of one result after another, without end."""
    longer = 0
    while True:
        for encoder in ENCODERS:
            for row in templates:
                steps = row[0][0]["ledger"]["steps"]
                if longer and (not steps or row[0][0]["cell"]["method"] == "supervised"):
                    continue  # floors and ceilings once
                for replicate in range(first, first + replicates):
                    yield row[replicate % len(row)], encoder, replicate, steps and steps + longer
        longer += 1


def _write(
    root: Path,
    template: tuple[dict[str, Any], Predictions],
    encoder: str,
    replicate: int,
    steps: int,
    *,
    random: np.random.Generator,
) -> None:
    old, kept = template
    predictions = _changed(kept, random)
    cell = {**old["cell"], "encoder": encoder, "replicate": replicate, "steps": steps}
    ledger, curve = old["ledger"], old["curve"]
    if steps:
        images = steps * cell["recipe"]["batch"]
        cell["budget"] = {**cell["budget"], "name": f"{images}-images", "amount": float(images)}
        ledger = {**ledger, "images": images, "steps": steps, "epochs": images / TRAIN_IMAGES}
        curve = [*curve[:-1], {**curve[-1], "step": steps}]
    typed = Cell.model_validate_json(json.dumps(cell))
    origin = {
        **old["provenance"],
        "weights_sha256": hashlib.sha256(random.bytes(8)).hexdigest(),
        "predictions_sha256": digest(predictions),
    }
    scores = {n: _scored(s, predictions[n], kept["labels"]) for n, s in old["metrics"].items()}
    found = {
        **old, "id": typed.pretrain_id, "cell": cell, "metrics": scores, "curve": curve,
        "ledger": ledger, "provenance": origin,
    }  # fmt: skip
    path = root / relative_path(typed)
    path.parent.mkdir(parents=True, exist_ok=True)
    predictions_path(path).write_bytes(_packed(predictions))
    path.write_bytes(strict.written(Result.model_validate_json(json.dumps(found))))


def _changed(kept: Predictions, random: np.random.Generator) -> Predictions:
    """Guess one image in twenty anew, rightly or wrongly."""
    labels, found = kept["labels"], dict(kept)
    luck = random.random()
    for name in kept.keys() - {"labels", "groups"}:
        again = random.random(len(labels)) < 0.05
        right = random.random(len(labels)) < luck
        guess = np.where(right, labels, random.permutation(labels))
        found[name] = np.where(again, guess, kept[name]).astype(kept[name].dtype)
    return found


def _scored(score: dict[str, Any], predicted: Any, labels: Any) -> dict[str, Any]:
    value = 100 * (int((predicted == labels).sum()) / len(labels))
    half = (score["top1"]["high"] - score["top1"]["low"]) / 2
    low, high = max(0.0, value - half), min(100.0, value + half)
    top1 = {**score["top1"], "value": value, "low": low, "high": high}
    top5 = score["top5"]
    if top5 is not None and top5["value"] < value:
        top5 = top1
    return {**score, "top1": top1, "top5": top5}


def _packed(predictions: Predictions) -> bytes:
    """Return an npz file that is compressed lightly: the making must not take all day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in predictions.items():
            member = io.BytesIO()
            np.save(member, array)
            archive.writestr(f"{name}.npy", member.getvalue())
    return buffer.getvalue()


if __name__ == "__main__":
    make(int(sys.argv[1]), Path(sys.argv[2]))
