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
    unit: Literal["percent"] = "percent"
    n: int = Field(ge=1)
    """Test images."""
    low: Finite
    """Lower end of the 95 % interval."""
    high: Finite
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
    top1: Metric
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
    loss: Finite
    """Mean since the last point, nats or the method's own unit."""
    learning_rate: Finite


class Ledger(Record):
    """What the cell cost, in every currency, and where the time went."""

    images: int = Field(ge=0)
    """Samples, not views."""
    steps: int = Field(ge=0)
    epochs: Finite
    flops: float | None
    """Forward and backward of all steps, counted on one; None where it could not be counted."""
    train_seconds: Finite
    evaluate_seconds: Finite
    images_per_second: Finite
    encoder_parameters: int
    extraction_parameters: int
    peak_memory_bytes: int
    calibration: str | None = None
    """How a budget in FLOPs or seconds became steps."""


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
    evaluation: list[dict[str, object]]
    extrapolated: bool
    """Nobody published this method on this dataset."""
    row: str
    """The dataset whose published settings were taken."""
    anchors: int
    """Of one comparison of one batch: the first."""
    candidates: int
    negatives_per_anchor: int
    comparisons: int
    stem: str
    norm: str
    marks: tuple[str, ...]
    """What a reader must know: `extrapolated`, `leaks: batch norm`, ..."""


class Execution(Record):
    """What exactness depends on beside the cell: recorded, not hashed."""

    device: str
    processor: str
    threads: int
    world_size: int
    versions: dict[str, str]
    deterministic: bool
    tf32: bool


class Provenance(Record):
    """Where the number came from."""

    weights_sha256: str | None
    """Of the encoder after training, contiguous, in the order of its state dict."""
    dataset_sha256: str
    dataset_official: bool
    predictions_sha256: str | None
    commit: str | None
    dirty: bool | None
    command: str
    started: str
    finished: str


class Result(Record):
    """One JSON file of the store."""

    schema_version: Literal[1] = 1
    id: str = Field(pattern="^[0-9a-f]{16}$")
    cell: Cell
    status: Literal["ok", "collapsed", "failed", "timeout", "out_of_memory"]
    error: str | None = None
    metrics: dict[str, Score] = {}
    """By protocol."""
    curve: tuple[Point, ...] = ()
    ledger: Ledger | None = None
    sanity: Sanity | None = None
    described: Described | None = None
    execution: Execution
    provenance: Provenance

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
