"""Where a run takes cells from and hands results to, beside other runs on the same folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmark.engines.engine import Finished, Found, Taken
from benchmark.errors import ResultError
from benchmark.matrix.cell import Cell
from benchmark.store import determinism, encoders, files, work
from benchmark.store.claims import PATIENCE, Claims
from benchmark.store.result import Result


class Desk:
    """Gives each cell to one process, and takes each result once."""

    def __init__(
        self, root: Path, before: Mapping[str, Result | None], *, patience: float = PATIENCE
    ) -> None:
        """Nothing is written before the first claim.

        Args:
            root: The results folder.
            before: The result of every cell when the plan was made, by id: what the run replaces.
            patience: Seconds after which another process without a sign of life is taken over.
        """
        self.root, self.before = root, before
        self.claims = Claims(root, patience=patience)

    def __enter__(self) -> Self:
        """Begin to claim."""
        self.claims.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of everything that is not published."""
        self.claims.__exit__(kind, error, trace)

    def take(self, cell: Cell) -> Taken:
        """Claim a cell, unless another process works on it or has published it."""
        found = self.published(cell)
        if found is not None:
            return found
        if not self.claims.take(cell):
            return "busy"
        found = self.published(cell)  # in the moment before the claim
        if found is not None:
            self.claims.release(cell.pretrain_id)
            return found
        return "mine"

    def hand_in(self, event: Finished) -> bool:
        """Write a result and let go of its cell; False where another process came first.

        Raises:
            ResultError: If the disk is full or the folder cannot be written.
        """
        cell = event.cell
        with self.claims.publishing(cell) as ours:
            written = ours and self.published(cell) is None
            if written:
                encoders.publish(self.root, event.result)
                files.record(self.root, event.result, event.predictions)
        if not written:
            encoders.discard(self.root, event.result)
        if ours and event.result.final:  # else more time or memory may bring it through from there
            work.checkpoint_path(self.root, cell).unlink(missing_ok=True)
        self.claims.release(cell.pretrain_id)
        return written

    def published(self, cell: Cell) -> Result | None:
        """Return what anyone has published of a cell since the plan was made."""
        try:
            found = files.find(self.root, cell)
        except ResultError:  # damaged: to be replaced
            return None
        before = self.before.get(cell.pretrain_id)
        return None if found and before and _same(found, before) else found


def _same(one: Result, other: Result) -> bool:
    """Say whether two results of a cell are one; a plan reads no curves."""
    return one.model_copy(update={"curve": ()}) == other.model_copy(update={"curve": ()})


def recording(desk: Desk) -> Callable[[Finished], Finished | Found]:
    """Return what hands each result in, and returns what stands then."""
    findings = determinism.load(desk.root)

    def record(event: Finished) -> Finished | Found:
        event = replace(event, result=determinism.noted(event.result, findings))
        if desk.hand_in(event):
            return event
        # nothing is published yet where a process took over and still works
        return Found(event.cell, desk.published(event.cell) or event.result)

    return record
