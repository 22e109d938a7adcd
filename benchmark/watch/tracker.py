"""A run of a tracker for each cell: what is written is the same whichever tracker it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from benchmark.engines.engine import Advanced, Event, Finished, Found
from benchmark.matrix.cell import Cell
from benchmark.progress import Progress
from benchmark.store.result import Result
from benchmark.watch.interface import Instant

SECONDS_BETWEEN = 1.0
"""Between two moments of a cell that are written while it trains."""
Scalar: TypeAlias = str | float | bool
Row: TypeAlias = tuple[int, Mapping[str, float]]
"""Values by name at an optimiser step."""


class Page(Protocol):
    """One cell in a tracker."""

    def log(self, rows: Sequence[Row]) -> None:
        """Write values by step; steps may come again."""

    def close(self, metrics: Mapping[str, float], tags: Mapping[str, str], *, ok: bool) -> None:
        """Write what came of it, and end it."""


Opening: TypeAlias = Callable[[Cell, Mapping[str, Scalar]], Page]
"""Opens the page of a cell, with its configuration."""


class Tracker:
    """Writes each cell's page.

    While it trains: `live/loss`, `live/images_per_second`, `live/knn`. When it has its result:
    `loss` and `learning_rate`, the result's curve, and its numbers.
    """

    def __init__(self, opening: Opening) -> None:
        """Write nothing yet."""
        self.opening = opening
        self.pages: dict[str, Page] = {}
        self._last: dict[str, tuple[float, float | None]] = {}

    def begin(self, at: Instant) -> None:
        """Nothing: a run without cells leaves nothing behind."""

    def show(self, event: Event, at: Instant) -> None:
        """Write what an event brings."""
        name = event.cell.pretrain_id
        page = self.pages.get(name)
        if isinstance(event, Found) and page is None:  # none of it was run here
            return
        if page is None:
            page = self.pages[name] = self.opening(event.cell, settings(event.cell))
        if isinstance(event, Advanced):
            rows = list(self._moment(name, event.progress, at.seconds))
            if rows:
                page.log(rows)
        elif isinstance(event, Finished | Found):
            del self.pages[name]
            result = event.result
            page.log([
                (point.step, {"loss": point.loss, "learning_rate": point.learning_rate})
                for point in result.curve
            ])  # fmt: skip
            page.close(numbers(result), told(result), ok=result.final)

    def end(self, stopped: str | None, at: Instant) -> None:
        """End what a stopped run has left open."""
        del at
        for page in list(self.pages.values()):
            page.close({}, {"status": "stopped", "error": stopped or ""}, ok=False)
        self.pages.clear()

    def _moment(self, name: str, at: Progress, now: float) -> Iterator[Row]:
        last, look = self._last.get(name, (float("-inf"), None))
        if at.phase != "train" or at.note or (now - last < SECONDS_BETWEEN and at.done < at.total):
            return
        self._last[name] = now, at.knn
        values = {"live/loss": at.loss, "live/images_per_second": at.images_per_second}
        if at.knn != look:  # a look is repeated until the next one
            values["live/knn"] = at.knn
        yield at.done, {name: value for name, value in values.items() if value is not None}


def settings(cell: Cell) -> dict[str, Scalar]:
    """Return everything that decides a cell's number, flat: `recipe.batch`, ..."""
    return {"id": cell.pretrain_id, **dict(_flat(cell.model_dump(mode="json"), ""))}


def numbers(result: Result) -> dict[str, float]:
    """Return a result's numbers: `linear/top1`, `sanity/effective_rank`, `ledger/flops`, ..."""
    found: dict[str, object] = {}
    for name, score in result.metrics.items():
        found |= {
            f"{name}/top1": score.top1.value, f"{name}/top1_low": score.top1.low,
            f"{name}/top1_high": score.top1.high, f"{name}/top5": score.top5 and score.top5.value,
        }  # fmt: skip
    for name, record in (("sanity", result.sanity), ("ledger", result.ledger)):
        if record is not None:
            found |= {f"{name}/{key}": value for key, value in record.model_dump().items()}
    return {
        name: float(value)
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def told(result: Result) -> dict[str, str]:
    """Return what is to be known of a result in words."""
    return {
        "status": result.status,
        "error": result.error or "",
        "commit": result.provenance.commit or "",
        "command": result.provenance.command,
        "processor": result.execution.processor,
        "determinism": result.execution.determinism or "",
    }


def _flat(value: object, name: str) -> Iterator[tuple[str, Scalar]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, str | int | float):
        yield name, value
    elif value is not None:
        yield name, str(value)
