"""The `common` training: one optimiser and schedule for all methods, rates from a tuned table.

The table is `benchmark/training/common.yaml`. `cslbench tune` writes it whole, from data, so that
the same rates give the same bytes; cells only read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from benchmark import yaml
from benchmark.errors import MatrixError
from benchmark.matrix.schema import TUNING_REPLICATE, Strict, Text, check
from methods.settings import Training

SHIPPED = Path(__file__).parents[1] / "training" / "common.yaml"

TUNED = "common.yaml: tuned"
DEFAULT = "common.yaml: default, not tuned"

Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Batch = Annotated[int, Field(ge=2)]


class Defaults(Strict):
    """What every method shares."""

    optimizer: Literal["adam", "adamw", "sgd", "lars"]
    learning_rate: Rate
    """Of a cell that was not tuned."""
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    schedule: Literal["constant", "cosine"]
    warmup_steps: Annotated[int, Field(ge=0)]
    batch: Batch
    """Where `batches` has none."""


class Trial(Strict):
    """A rate that was tried."""

    rate: Rate
    score: Annotated[float, Field(ge=0, le=100)] | None
    """Mean top-1 in percent on held-out train data; None where a run failed."""


class Entry(Strict):
    """The rate that did best for one row."""

    method: Text
    dataset: Text
    encoder: Text
    budget: Text
    """What is spent, such as `40000 images`."""
    batch: Batch
    learning_rate: Rate
    tried_with: Text | None = None
    """What one run spent where it was less than the budget."""
    tried: list[Trial] = Field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """Return what the rate is for."""
        return (self.dataset, self.encoder, self.method, self.budget, self.batch)


class _File(Strict):
    defaults: Defaults
    batches: dict[Text, Batch]
    tuned: list[Entry] = Field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """The common training."""

    defaults: Defaults
    batches: Mapping[str, int]
    """Images a step, by dataset without options."""
    tuned: tuple[Entry, ...] = ()

    @cached_property
    def _rates(self) -> dict[tuple[str, str, str, str, int], float]:
        return {entry.key: entry.learning_rate for entry in self.tuned}

    def training(
        self, *, method: str, dataset: str, encoder: str, spent: str, batch: int | None = None
    ) -> Training:
        """Return how a row is trained; `source` says whether its rate was tuned.

        Args:
            method: Canonical selector; so dataset and encoder.
            dataset: See method.
            encoder: See method.
            spent: The budget, such as `40000 images`.
            batch: In place of the table's own.
        """
        shared = self.defaults
        size = batch or self.batches.get(dataset.partition("[")[0], shared.batch)
        rate = self._rates.get((dataset, encoder, method, spent, size))
        return Training(
            shared.optimizer, shared.learning_rate if rate is None else rate, size,
            weight_decay=shared.weight_decay, exclude=True, schedule=shared.schedule,
            warmup_steps=shared.warmup_steps, source=DEFAULT if rate is None else TUNED,
        )  # fmt: skip

    def with_entries(self, entries: tuple[Entry, ...]) -> Table:
        """Return the table with these rows added, or replaced where they were tuned before."""
        merged = {entry.key: entry for entry in (*self.tuned, *entries)}
        return Table(self.defaults, self.batches, tuple(merged[key] for key in sorted(merged)))


def load(path: Path = SHIPPED) -> Table:
    """Read the table.

    Raises:
        MatrixError: With the file, the line, and what is allowed there.
    """
    return parse(yaml.load(path, MatrixError))


def parse(document: yaml.Document) -> Table:
    """Check a table.

    Raises:
        MatrixError: As `load`.
    """
    file = check(_File, document.data, document, lambda loc: loc)
    first: dict[tuple[str, str, str, str, int], int] = {}
    for index, entry in enumerate(file.tuned):
        if entry.key in first:
            raise MatrixError(
                f"{document.where('tuned', index)}: the row {' '.join(map(str, entry.key))} stands "
                f"twice (first at {document.where('tuned', first[entry.key])})"
            )
        first[entry.key] = index
    return Table(file.defaults, file.batches, tuple(file.tuned))


_HEAD = f"""\
# The `common` training: one optimiser, schedule and batch for all methods; the learning rate of
# each row was chosen by `cslbench tune` on held-out train data, never on test data, with
# replicates from {TUNING_REPLICATE} on, which are never reported. A row that is not here takes
# the rate of `defaults` and is marked `untuned`.
#
# `cslbench tune` writes this file whole: change `defaults` and `batches` by hand, nothing else.
"""


def render(table: Table) -> str:
    """Write the table as YAML, the same bytes for the same table."""
    shared = table.defaults
    lines = [
        _HEAD,
        "defaults:",
        f"  optimizer: {shared.optimizer}",
        f"  learning_rate: {_number(shared.learning_rate)}",
        f"  weight_decay: {_number(shared.weight_decay)}",
        f"  schedule: {shared.schedule}",
        f"  warmup_steps: {shared.warmup_steps}  # at most a tenth of the run",
        f"  batch: {shared.batch}  # of a dataset that is not below",
        "",
        "batches:",
        *(f"  {name}: {table.batches[name]}" for name in sorted(table.batches)),
        "",
        "tuned:" if table.tuned else "tuned: []",
    ]
    for entry in sorted(table.tuned, key=lambda entry: entry.key):
        lines += _lines(entry)
    return "\n".join(lines) + "\n"


def _lines(entry: Entry) -> list[str]:
    tried = ", ".join(
        f"{{rate: {_number(trial.rate)}, "
        f"score: {'null' if trial.score is None else f'{trial.score:.2f}'}}}"
        for trial in entry.tried
    )
    return [
        f"  - method: {_text(entry.method)}",
        f"    dataset: {_text(entry.dataset)}",
        f"    encoder: {_text(entry.encoder)}",
        f"    budget: {_text(entry.budget)}",
        f"    batch: {entry.batch}",
        f"    learning_rate: {_number(entry.learning_rate)}",
        *([] if entry.tried_with is None else [f"    tried_with: {_text(entry.tried_with)}"]),
        f"    tried: [{tried}]",
    ]


def _text(value: str) -> str:
    """Quote a text, so that no selector means something else to YAML."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(value: float) -> str:
    """Write a number in the shortest form that YAML 1.1 takes for one: `2.0e-03`, not `2e-3`."""
    short = f"{value:.1e}"
    return short if float(short) == value else repr(float(value))
