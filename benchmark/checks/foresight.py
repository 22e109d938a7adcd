"""What a night would do, how long it would take, and what it could see; nothing is run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from benchmark import plan
from benchmark.checks.nightly import Tonight
from benchmark.evidence.gate.findings import Rule
from benchmark.evidence.gate.foreseen import smallest_drops
from benchmark.matrix import rotate
from benchmark.store import files
from benchmark.store.result import Result


@dataclass(frozen=True)
class Foresight:
    """What a night would do."""

    to_run: int
    """Cells."""
    done: int
    """Cells that an earlier try of the night has finished."""
    seconds: float
    """Of the cells whose rows were timed before, one after the other."""
    unknown: int
    """Cells to run without an estimate."""
    baseline: tuple[int, int, str]
    """Rows that the baseline has, all rows, and its replicates in words."""
    drops: dict[str, float | None]
    """By method: what one look would find with a chance of 80 %, points."""


def foresee(night: Tonight, rule: Rule) -> Foresight:
    """Look at a night before it is run."""
    there = files.read_all(night.folder / "results").results
    done = {result.id for result in there if result.final}
    pace = plan.paces([*there, *_timed(night)])
    todo = [cell for cell in night.part.cells if cell.pretrain_id not in done]
    times = [
        plan.estimate(cell, pace.get((cell.method, cell.dataset, cell.encoder))) for cell in todo
    ]
    wanted: dict[str, list[int]] = defaultdict(list)
    for cell in night.part.cells:
        wanted[rotate.row_key(cell)].append(cell.replicate)
    return Foresight(
        to_run=len(todo),
        done=len(night.part.cells) - len(todo),
        seconds=sum(seconds or 0.0 for seconds in times),
        unknown=sum(seconds is None for seconds in times),
        baseline=_rows(night, len(wanted)),
        drops=smallest_drops(night.baseline.loaded.results, wanted, rule),
    )


def _timed(night: Tonight) -> Iterator[Result]:
    yield from night.baseline.loaded.results
    for past in night.past:
        yield from past.loaded.results


def _rows(night: Tonight, rows: int) -> tuple[int, int, str]:
    counts: dict[str, int] = defaultdict(int)
    for result in night.baseline.loaded.results:
        counts[rotate.row_key(result.cell)] += result.final
    if not counts:
        return 0, rows, "no replicate"
    low, high = min(counts.values()), max(counts.values())
    return len(counts), rows, f"{low if low == high else f'{low} to {high}'} replicates each"
