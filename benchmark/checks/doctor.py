"""How exact a row is, measured: in two processes, and beside another cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from benchmark.checks.diff import Divergence, divergence
from benchmark.engines.engine import Event, Finished, Options, Work
from benchmark.matrix.budget import Budget
from benchmark.matrix.cell import Cell
from benchmark.store.determinism import Finding, Level
from benchmark.store.provenance import now
from benchmark.store.result import Execution, Point

RUNNER = "benchmark.checks.fingerprint"


@dataclass(frozen=True)
class Fingerprint:
    """What is left of one training."""

    tensors: Mapping[str, bytes]
    """SHA-256 by name, in the order of the state dicts of encoder and extraction."""
    curve: tuple[Point, ...]
    execution: Execution
    error: str | None = None
    """Why there are no tensors."""


@dataclass(frozen=True)
class Parting:
    """Where two trainings of one cell part."""

    tensor: str | None
    """The first that differs."""
    loss: Divergence | None
    """The first point of the curve that differs."""

    def __str__(self) -> str:
        """Say it."""
        loss = "the losses are equal"
        if self.loss is not None:
            loss = f"the loss at step {self.loss.step} ({self.loss.a} and {self.loss.b})"
        return f"first differ: {self.tensor or 'no tensor'}; {loss}"


@dataclass(frozen=True)
class Diagnosis:
    """What was found of one cell."""

    cell: Cell
    """With the tiny budget that it was trained on."""
    level: Level | None
    """None where a training failed."""
    parting: Parting | None
    """None at the highest level that one machine can show."""
    error: str | None
    execution: Execution

    @property
    def finding(self) -> Finding | None:
        """Return what is kept of it."""
        if self.level is None:
            return None
        parting = self.parting or Parting(None, None)
        return Finding(
            method=self.cell.method, dataset=self.cell.dataset, encoder=self.cell.encoder,
            level=self.level, steps=self.cell.steps or 0,
            tensor=parting.tensor, step=parting.loss.step if parting.loss else None,
            execution=self.execution, measured=now(),
        )  # fmt: skip


Prints: TypeAlias = Mapping[str, list[Fingerprint]]
"""By the cell's id, as often as it was trained."""


def examine(
    cells: Sequence[Cell], *, steps: int, options: Options, on_event: Callable[[Event], None]
) -> list[Diagnosis]:
    """Train each cell in two fresh processes, then once more beside the others.

    Args:
        cells: With their own budgets.
        steps: Optimiser steps of each training.
        options: How; `workers` is the count of processes side by side, two at least.
        on_event: Told what the engine tells.

    Raises:
        CslbenchError: If data or request are at fault.
        Interrupted: After SIGINT or SIGTERM.
    """
    tiny = {cell.pretrain_id: cell for cell in (shortened(cell, steps) for cell in cells)}
    works = [Work(cell, ()) for cell in tiny.values()]
    alone = replace(options, workers=1, runner=RUNNER)
    beside = replace(alone, workers=max(2, options.workers))
    first = _train(works, alone, on_event)
    second = _train(works, alone, on_event)
    # once more the first, so that neither the last nor an only cell is without company
    company = _train([*works, works[0]], beside, on_event)
    return [
        diagnose(cell, [*first[name], *second[name]], company[name]) for name, cell in tiny.items()
    ]


def shortened(cell: Cell, steps: int) -> Cell:
    """Return a cell with a budget of so many steps; what does not train stays as it is."""
    if cell.steps == 0:
        return cell
    return cell.model_copy(update={"budget": Budget.of("steps", steps), "steps": steps})


def diagnose(cell: Cell, alone: Sequence[Fingerprint], beside: Sequence[Fingerprint]) -> Diagnosis:
    """Say the level of a cell.

    Args:
        cell: Which.
        alone: Of two processes, one after the other.
        beside: Of processes side by side.
    """
    first, *rest = alone
    error = next((one.error for one in (*alone, *beside) if one.error is not None), None)
    if error is not None:
        return Diagnosis(cell, None, None, error, first.execution)
    levels: tuple[tuple[Level, Sequence[Fingerprint]], ...] = (("D0", rest), ("D1", beside))
    for level, others in levels:
        for other in others:
            parting = part(first, other)
            if parting is not None:
                return Diagnosis(cell, level, parting, None, first.execution)
    return Diagnosis(cell, "D2", None, None, first.execution)


def part(a: Fingerprint, b: Fingerprint) -> Parting | None:
    """Say where two trainings part, or None if every tensor and loss has the same bits."""
    names = dict.fromkeys((*a.tensors, *b.tensors))
    tensor = next((name for name in names if a.tensors.get(name) != b.tensors.get(name)), None)
    loss = divergence(a.curve, b.curve)
    return None if tensor is None and loss is None else Parting(tensor, loss)


def _train(works: Sequence[Work], options: Options, on_event: Callable[[Event], None]) -> Prints:
    """Train in fresh processes."""
    from benchmark.engines.local import LocalEngine

    found: dict[str, list[Fingerprint]] = defaultdict(list)

    def take(event: Event) -> None:
        on_event(event)
        if isinstance(event, Finished):
            result, tensors = event.result, event.predictions
            error = None if tensors else result.error
            hashes = {name: digest.tobytes() for name, digest in tensors.items()}
            print_ = Fingerprint(hashes, result.curve, result.execution, error)
            found[result.id].append(print_)

    LocalEngine().run(works, options=options, on_event=take)
    return found
