"""The result of one cell: what was measured, what it cost, and where it came from. No opinion."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import Protocol

SCHEMA = 1
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """Frozen, strict, and refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Metric(Record):
    """One number with its unit and its uncertainty over the test images."""

    value: Finite
    """In `unit`."""
    unit: Literal["percent"] = "percent"
    """Of value, low and high."""
    n: int = Field(ge=1)
    """Test images."""
    low: Finite
    """Lower end of the 95 % interval."""
    high: Finite
    """Upper end of it."""
    interval: str
    """How it was made: `wilson`, or `clustered` where images are not independent."""

    @model_validator(mode="after")
    def _holds_its_value(self) -> Self:
        if not self.low <= self.value <= self.high or not 0 <= self.value <= 100:
            raise ValueError(
                f"interval [{self.low}, {self.high}] does not hold {self.value} percent"
            )
        return self


class Score(Record):
    """A frozen encoder under one protocol."""

    protocol: Protocol
    """How it was scored."""
    top1: Metric
    """Test images whose first class is the right one."""
    top5: Metric | None
    """None where there are five classes or fewer, or the probe ranks none."""
    chosen: dict[str, Finite]
    """What was chosen on held-out train data, such as the L2 strength."""

    @model_validator(mode="after")
    def _top5_is_no_less(self) -> Self:
        if self.top5 is not None and self.top5.value < self.top1.value:
            raise ValueError(f"top-5 {self.top5.value} is below top-1 {self.top1.value}")
        return self


class Point(Record):
    """The training at one step."""

    step: int = Field(ge=0)
    """Optimiser steps done."""
    loss: Finite
    """Mean since the last point, nats or the method's own unit."""
    learning_rate: Finite
    """At this step."""


class Ledger(Record):
    """What the cell cost, in every currency, and where the time went."""

    images: int = Field(ge=0)
    """Samples, not views."""
    steps: int = Field(ge=0)
    """Of the optimiser."""
    epochs: Finite
    """Passes over the pretraining split."""
    flops: float | None
    """Forward and backward of all steps, counted on one; None where it could not be counted."""
    train_seconds: Finite
    """Wall clock, views and optimiser included."""
    evaluate_seconds: Finite
    """Wall clock of features, probes and looks."""
    images_per_second: Finite
    """While training; samples, not views."""
    encoder_parameters: int
    """That are trained."""
    extraction_parameters: int
    """Heads that are trained and not kept."""
    peak_memory_bytes: int
    """Of the GPU; on a CPU of the process so far, earlier cells included."""
    calibration: str | None = None
    """How a budget in FLOPs or seconds became steps."""
    kernel_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Wall clock of a fixed kernel beside the training, by which speeds are compared; None where
    it was not timed."""


class Sanity(Record):
    """What the features look like, on test images."""

    feature_std: Finite
    """Mean over dimensions of the standard deviation of unit-length features, times root D: 1 is
    isotropic, 0 is collapsed."""
    effective_rank: Finite
    """RankMe, arXiv 2210.02885."""
    alignment: Finite | None
    """Mean squared distance of two views' unit features, arXiv 2005.10242; None for one view."""
    uniformity: Finite
    """Log mean Gaussian potential of unit features, arXiv 2005.10242."""
    collapsed: str | None
    """The rule that calls this collapsed, or None."""
    encoder_untouched: bool
    """Weights and buffers have the same hash before and after the probes."""


class Described(Record):
    """The recipe as it ran."""

    augmentation: dict[str, object]
    """The pretraining views, transform by transform."""
    evaluation: list[dict[str, object]]
    """The one view that evaluation sees."""
    extrapolated: bool
    """Nobody published this method on this dataset."""
    row: str
    """The dataset whose published settings were taken."""
    anchors: int
    """Of one comparison of one batch: the first."""
    candidates: int
    """What each anchor is compared with."""
    negatives_per_anchor: int
    """Candidates that it repels."""
    comparisons: int
    """Of one batch."""
    stem: str
    """What the encoder does first with an image."""
    norm: str
    """The encoder's normalisation."""
    marks: tuple[str, ...]
    """What a reader must know: `extrapolated`, `leaks: batch norm`, ..."""


class Execution(Record):
    """What exactness depends on beside the cell: recorded, not hashed."""

    device: str
    """`cpu` or `cuda`."""
    processor: str
    """The model of the CPU, or of the GPU that trained."""
    threads: int
    """Of this cell; the bits of a sum depend on it."""
    world_size: int
    """Processes that trained it together."""
    versions: dict[str, str]
    """Of Python and of every package that can move a number."""
    deterministic: bool
    """Deterministic kernels were asked for."""
    tf32: bool
    """Whether matrix products were rounded to TF32."""
    determinism: Literal["D0", "D1", "D2", "D3"] | None = None
    """What `cslbench doctor` measured of this method, dataset and encoder in this execution: D0
    seeded; D1 two processes give the same bits; D2 beside other cells too; D3 on other counts of
    devices too, within rounding. None where it was not measured."""


class Provenance(Record):
    """Where the number came from."""

    weights_sha256: str | None
    """Of the encoder after training, contiguous, in the order of its state dict."""
    dataset_sha256: str
    """Of images, labels and class names of all splits."""
    dataset_official: bool
    """False where the files are not the published ones."""
    predictions_sha256: str | None
    """Of the predictions beside this file; None where there are none."""
    commit: str | None
    """Of this program; None outside a checkout."""
    dirty: bool | None
    """Whether that had uncommitted changes."""
    command: str
    """What was typed."""
    started: str
    """UTC, ISO 8601."""
    finished: str
    """UTC, ISO 8601."""
    closure: dict[str, Annotated[str, Field(pattern="^[0-9a-f]{16}$")]] = {}
    """What could have changed the number, with hashes: sources, comments and formatting left out,
    and what the names in the cell stood for. Empty in results older than this field."""
    encoder_file_sha256: str | None = None
    """Of the `.safetensors` file that the cell left beside this one; None where it left none."""
    checkpoint_sha256: str | None = None
    """Of the file that the encoder was read from; None where it was trained here."""
    checkpoint_name: str | None = None
    """What that file is called on the board."""


class Result(Record):
    """One JSON file of the store."""

    schema_version: Literal[1] = 1
    """Of this file."""
    id: str = Field(pattern="^[0-9a-f]{16}$")
    """The first 16 hex digits of the hash of the cell."""
    cell: Cell
    """What was run."""
    status: Literal["ok", "collapsed", "failed", "timeout", "out_of_memory"]
    """`ok` and `collapsed` (by a rule of `sanity`) are final; the others are tried again."""
    error: str | None = None
    """Why there is no number, in words; None where there is one."""
    metrics: dict[str, Score] = {}
    """By protocol."""
    curve: tuple[Point, ...] = ()
    """The training as it went, 50 points at most."""
    ledger: Ledger | None = None
    """None where the cell came to nothing; so below."""
    sanity: Sanity | None = None
    """What the features look like."""
    described: Described | None = None
    """The recipe as it ran."""
    execution: Execution
    """What it ran on."""
    provenance: Provenance
    """Where it came from."""

    @model_validator(mode="after")
    def _is_of_its_cell(self) -> Self:
        if self.id != self.cell.pretrain_id:
            raise ValueError(f"id {self.id} is not its cell's, {self.cell.pretrain_id}")
        if self.final and not self.metrics:
            raise ValueError(f"status {self.status!r} without metrics")
        return self

    @property
    def final(self) -> bool:
        """Say whether the cell is done; anything else is tried again."""
        return self.status in ("ok", "collapsed")
