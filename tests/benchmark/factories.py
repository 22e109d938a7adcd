"""Results made by hand, valid by the schema, for tests that train nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from benchmark.errors import UsageError
from benchmark.matrix.budget import NAMED, Budget
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.store.closure import Sources
from benchmark.store.result import (
    Described,
    Execution,
    Ledger,
    Metric,
    Point,
    Provenance,
    Result,
    Sanity,
    Score,
)
from methods.settings import Training, Value

SHA = "ab" * 32
SOURCES = Sources()


def make_cell(
    method: str = "simclr",
    dataset: str = "photos",
    encoder: str = "compact",
    *,
    replicate: int = 0,
    budget: Budget = NAMED["pocket"],
    training: Literal["authors", "common"] = "common",
    values: dict[str, Value] | None = None,
    learning_rate: float = 2e-3,
) -> Cell:
    """Make a cell of 392 steps of 128 images."""
    return Cell(
        method=method,
        dataset=dataset,
        encoder=encoder,
        budget=budget,
        training=training,
        recipe=Training("adamw", learning_rate, batch=128),
        steps=392,
        replicate=replicate,
        values={"resolution": 32} if values is None else values,
    )


def make_metric(value: float = 70.0, *, n: int = 2048, half: float = 2.0) -> Metric:
    """Make a metric whose interval over test images is +- `half`, cut at 0 and 100."""
    low, high = max(0.0, value - half), min(100.0, value + half)
    return Metric(value=value, n=n, low=low, high=high, interval="clustered")


def make_result(
    method: str = "simclr",
    value: float = 70.0,
    *,
    replicate: int = 0,
    dataset: str = "photos",
    encoder: str = "compact",
    cell: Cell | None = None,
    status: Literal["ok", "collapsed", "failed", "timeout", "out_of_memory"] = "ok",
    error: str | None = None,
    scores: dict[str, float] | None = None,
    marks: tuple[str, ...] = (),
    epochs: float = 6.272,
    official: bool = True,
    dataset_sha256: str | None = None,
    processor: str = "a processor",
    commit: str | None = "0123456789abcdef0123456789abcdef01234567",
    dirty: bool | None = False,
    closure: dict[str, str] | None = None,
    steps: int | None = None,
    weights: str = SHA,
    images: int = 2048,
) -> Result:
    """Make a valid result.

    Args:
        method: Its selector; `value` is its top-1 under the protocol `linear`, percent.
        value: See `method`.
        replicate: Of the cell.
        dataset: Of the cell.
        encoder: Of the cell.
        cell: In place of the one that the arguments above make.
        status: `ok` and `collapsed` have metrics, the others none.
        error: What a failed cell says.
        scores: Top-1 under further protocols, by name.
        marks: What the recipe says a reader must know.
        epochs: Passes over the pretraining split.
        official: Whether the dataset's files are the published ones.
        dataset_sha256: Of the dataset's content; by default one that begins as what is pinned.
        processor: What it ran on.
        commit: Of the program.
        dirty: Whether that had uncommitted changes.
        closure: Hashes of the sources; by default of those that are there.
        steps: What the ledger and the curve say, in place of 392, with epochs of photos to fit.
        weights: Their hash.
        images: That are tested on.
    """
    cell = cell or make_cell(method, dataset, encoder, replicate=replicate)
    final = status in ("ok", "collapsed")
    found = {"linear": value, **(scores or {})} if final else {}
    sources = current_sources(cell, found) if final else {}
    content = sources.get(f"content of {cell.dataset}", "") + SHA
    return Result(
        id=cell.pretrain_id,
        cell=cell,
        status=status,
        error=error,
        metrics={
            name: Score(
                protocol=PROTOCOLS[name], top1=make_metric(top1, n=images), top5=None, chosen={}
            )
            for name, top1 in found.items()
        },
        curve=make_curve(steps or 392) if final else (),
        ledger=_ledger(cell, epochs, steps) if final else None,
        sanity=make_sanity("effective rank 1.0" if status == "collapsed" else None)
        if final
        else None,
        described=make_description(marks) if final else None,
        execution=make_execution(processor),
        provenance=Provenance(
            weights_sha256=weights if final else None,
            dataset_sha256=(dataset_sha256 or content[: len(SHA)]) if final else "",
            dataset_official=official,
            predictions_sha256=None,
            commit=commit,
            dirty=dirty,
            command="cslbench run",
            started="2026-01-01T00:00:00+00:00",
            finished="2026-01-01T00:01:00+00:00",
            closure=sources if closure is None else closure,
        ),
    )


def current_sources(cell: Cell, protocols: Iterable[str]) -> dict[str, str]:
    """Return the sources of a cell as they are; none of a method that nobody has."""
    try:
        return SOURCES.files(cell, [PROTOCOLS[name] for name in protocols])
    except UsageError:
        return {}


def make_curve(steps: int = 392) -> tuple[Point, ...]:
    """Make a loss that falls."""
    return tuple(Point(step=n, loss=4.0 / n, learning_rate=2e-3) for n in sorted({1, steps}))


def _ledger(cell: Cell, epochs: float, steps: int | None) -> Ledger:
    if steps is None:
        return make_ledger(epochs)
    images = steps * cell.recipe.batch
    return make_ledger(images / 8000, images, steps)


def make_ledger(epochs: float = 6.272, images: int = 50_176, steps: int = 392) -> Ledger:
    """Make what 392 steps of 128 images cost."""
    return Ledger(
        images=images,
        steps=steps,
        epochs=epochs,
        flops=1.25e13,
        train_seconds=10.0,
        evaluate_seconds=2.0,
        images_per_second=images / 10.0,
        encoder_parameters=100_000,
        extraction_parameters=50_000,
        peak_memory_bytes=500_000_000,
    )


def make_sanity(collapsed: str | None = None) -> Sanity:
    """Make features that look well."""
    return Sanity(
        feature_std=0.9,
        effective_rank=40.0,
        alignment=0.4,
        uniformity=-2.5,
        collapsed=collapsed,
        encoder_untouched=True,
    )


def make_description(marks: tuple[str, ...] = ()) -> Described:
    """Make a recipe's description."""
    return Described(
        augmentation={"views": 2},
        evaluation=[],
        extrapolated="extrapolated" in marks,
        row="photos",
        anchors=256,
        candidates=256,
        negatives_per_anchor=254,
        comparisons=1,
        stem="small images",
        norm="batch",
        marks=marks,
    )


def make_execution(processor: str = "a processor") -> Execution:
    """Make one thread on a CPU."""
    return Execution(
        device="cpu",
        processor=processor,
        threads=1,
        world_size=1,
        versions={"cslbench": "0.1.0", "python": "3.11.9", "torch": "2.4.0"},
        deterministic=True,
        tf32=False,
    )
