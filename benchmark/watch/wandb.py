"""Runs of Weights & Biases, in a project, grouped by matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.errors import UsageError
from benchmark.matrix.cell import Cell
from benchmark.watch.interface import Watched
from benchmark.watch.tracker import Opening, Row, Scalar


class Run:
    """One cell's run."""

    def __init__(self, run: Any) -> None:
        """Have every value drawn over the optimiser's step: the curve comes after the moments."""
        self.run = run
        run.define_metric("step")
        run.define_metric("*", step_metric="step")

    def log(self, rows: Sequence[Row]) -> None:
        """Write values."""
        for step, values in rows:
            self.run.log({"step": step, **values})

    def close(self, metrics: Mapping[str, float], tags: Mapping[str, str], *, ok: bool) -> None:
        """Write the numbers and words into the summary, and end the run."""
        self.run.summary.update({**metrics, **tags})
        self.run.finish(exit_code=0 if ok else 1)


def opening(where: str, run: Watched) -> Opening:
    """Write to a project; where nobody is logged in, only offline.

    Raises:
        UsageError: If it could only ask for a key, in the middle of the run.
    """
    import wandb

    if wandb.setup().settings.mode == "online" and not wandb.login(prompt=False):
        raise UsageError(
            "--track wandb: nobody is logged in; run `wandb login`, or set WANDB_MODE=offline"
        )

    def opened(cell: Cell, configuration: Mapping[str, Scalar]) -> Run:
        return Run(
            wandb.init(
                project=where, name=cell.label, group=run.matrix, config=dict(configuration),
                reinit="create_new", settings=wandb.Settings(console="off", silent=True),
            )
        )  # fmt: skip

    return opened
