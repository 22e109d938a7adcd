"""Score a checkpoint that was trained elsewhere, by the protocols of every other cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.cell import run_cell
from benchmark.data import catalogue as datasets
from benchmark.errors import UsageError
from benchmark.evaluation import checkpoints, layouts
from benchmark.matrix.budget import NOTHING
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import Protocol
from benchmark.progress import Progress
from benchmark.store.predictions import Predictions
from benchmark.store.result import Result
from methods import catalogue, contract, encoders
from methods.cards import CHECKPOINT
from methods.settings import Setting, Training, resolve

ELSEWHERE = Training("sgd", 0.0, batch=256, source="a checkpoint, trained elsewhere")
"""Of a checkpoint: whatever trained it is not known here."""
MARK = "trained elsewhere"
_SHORT = 16
"""Hex digits of the file's hash that name a checkpoint."""


@dataclass(frozen=True)
class View:
    """How a checkpoint sees an image."""

    image_size: int | None = None
    """Side in pixels; None for the dataset's own."""
    normalise: str = "dataset"
    """`dataset`, `imagenet` or `none`: whose mean and deviation."""
    border: int = 0
    """Zeros around the normalised image, pixels."""


@dataclass(frozen=True)
class Loaded:
    """A checkpoint that fits, and the cell that scoring it is."""

    cell: Cell
    setting: Setting
    sha256: str
    fitted: layouts.Fitted


def load(path: Path, *, encoder: str, dataset: str, view: View) -> Loaded:
    """Read a checkpoint and fit it to an encoder.

    Args:
        path: A safetensors file, or one of `torch.save` without Python objects.
        encoder: The encoder's selector.
        dataset: The dataset's; it decides the image size where the view does not.
        view: How the encoder sees an image.

    Raises:
        UsageError: If encoder, dataset or view are not allowed.
        WeightsError: If the file is damaged, dangerous, or of another encoder.
    """
    read = checkpoints.read(path)
    chosen = datasets.resolve(dataset)
    try:
        setting = _setting(read.sha256, chosen, view)
        canonical, size = catalogue.canonical(encoder), contract.view_size(setting)
        refusal = contract.refusal(setting, canonical, batch=ELSEWHERE.batch, images=None)
        if refusal is not None:
            raise ValueError(refusal)
        built = encoders.build(canonical, size)
    except ValueError as error:
        raise UsageError(str(error)) from None
    fitted = layouts.fit(read, built, f"{canonical} at {size} px")
    cell = Cell(
        method=setting.variant, dataset=chosen.name, encoder=canonical, budget=NOTHING,
        training="common", recipe=ELSEWHERE, steps=0, replicate=0, values=dict(setting.values),
    )  # fmt: skip
    return Loaded(cell, setting, read.sha256, fitted)


def evaluate(
    loaded: Loaded,
    protocols: Sequence[Protocol],
    *,
    name: str,
    data: Path | None,
    device: str,
    command: str,
    progress: Callable[[Progress], None],
) -> tuple[Result, Predictions]:
    """Score a checkpoint.

    Args:
        loaded: The checkpoint.
        protocols: How.
        name: What the board calls it.
        data: Where datasets that need files are.
        device: `cpu` or `cuda`.
        command: What the user typed, for the record.
        progress: Told how far it is.

    Raises:
        CslbenchError: If the data is at fault.
    """
    result, predictions = run_cell(
        loaded.cell, protocols, data=data, device=device, command=command, progress=progress,
        state=loaded.fitted.state,
    )  # fmt: skip
    origin = {"checkpoint_sha256": loaded.sha256, "checkpoint_name": name}
    changes: dict[str, object] = {"provenance": result.provenance.model_copy(update=origin)}
    if result.described is not None:
        # what nobody published is a question of methods; this one's is not known
        others = (mark for mark in result.described.marks if mark != "extrapolated")
        marked = {"extrapolated": False, "marks": (MARK, *others)}
        changes["described"] = result.described.model_copy(update=marked)
    return result.model_copy(update=changes), predictions


def _setting(sha256: str, chosen: datasets.Selection, view: View) -> Setting:
    size = view.image_size or chosen.image_size
    # ImageNet's 256 to 224, wherever an image is larger than what the encoder sees
    resize = size if chosen.image_size <= size else round(size * 8 / 7)
    options: Mapping[str, str] = {
        "sha256": sha256[:_SHORT], "resolution": str(size), "resize": str(resize),
        "normalise": view.normalise, "border": str(view.border),
    }  # fmt: skip
    return resolve(CHECKPOINT, options, chosen.card.name, chosen.image_size)
