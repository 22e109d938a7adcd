"""A cell: one method on one dataset with one encoder, one budget, one training, one replicate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from benchmark.matrix.budget import Budget
from methods.settings import Training, Value


class Cell(BaseModel):
    """Everything that decides a cell's number, frozen; its hash is the cell's identity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    method: str
    """Canonical selector: options that differ from the defaults only, sorted."""
    dataset: str
    """Canonical name with its options."""
    encoder: str
    """Canonical selector."""
    budget: Budget
    """What may be spent."""
    training: Literal["authors", "common"]
    """`authors`: as published; `common`: the same for all methods."""
    recipe: Training
    """The training resolved: optimiser, rate, batch, schedule."""
    steps: int | None
    """Optimiser steps; None where a calibration or the dataset's files must tell."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of forward and backward."""
    replicate: int
    """Decides data order, views and initial weights, alike for all methods."""
    values: dict[str, Value]
    """What the method lets depend on the data, resolved."""

    @property
    def base_method(self) -> str:
        """Return the method's name without its options."""
        return self.method.partition("[")[0]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed; its hash is its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("pretrain_id", None)
        return copied

    @cached_property
    def pretrain_id(self) -> str:
        """Return 16 hex digits of the SHA-256 of the cell's canonical JSON.

        Where a number came from (`source`) is told, not hashed; nor are the steps, which follow
        from the rest, though not always before the dataset's files are at hand.
        """
        data = self.model_dump(mode="json")
        data.pop("steps")
        data["recipe"].pop("source")
        data["budget"].pop("name")
        canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """Return a line that names the cell to a person."""
        return f"{self.method} {self.dataset} {self.encoder} {self.budget.name} r{self.replicate}"
